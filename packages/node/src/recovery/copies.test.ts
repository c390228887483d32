import type { FrameStream } from '@kithmesh/net'
import {
  type AccountRoot,
  deriveAccountRoot,
  entropyFromWords,
  openRecoveryCopy,
  parseDeviceId,
  proveRecovery,
  readRecoveryCopy,
} from '@kithmesh/protocol'
import { createAccountData } from '@kithmesh/sync'
import { describe, expect, test } from 'vitest'
import { accountOf, createDevices, type Devices, type SeenFrame } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { RECOVERY } from '../protocols.ts'
import { type RecoveryFrame, recoveryCodec } from './wire.ts'

const WAIT = { timeout: 10_000, interval: 20 } as const
const CANARY = 'zqcanarynamezq'

interface Stage {
  readonly devices: Devices
  readonly ada: KithNode
  readonly ben: KithNode
  readonly frames: readonly SeenFrame[]
}

/** Ada and her contact Ben; what they say about recovery is seen. */
async function friends(): Promise<Stage> {
  const frames: SeenFrame[] = []
  const devices = createDevices((frame) => {
    if (frame.protocol === RECOVERY.id) frames.push(frame)
  })
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  return { devices, ada, ben, frames }
}

async function rootOf(node: KithNode): Promise<AccountRoot> {
  return deriveAccountRoot(entropyFromWords((await node.recovery.show()).join(' ')))
}

function copiesOf(frames: readonly SeenFrame[], from: string): readonly Uint8Array[] {
  return frames
    .filter((frame) => frame.from === from)
    .map(({ bytes }) => recoveryCodec.decode(bytes))
    .flatMap((frame) => (frame.kind === 'copy' ? [frame.copy] : []))
}

/** What Ada answers to `frames` from whoever has this net. */
async function answersTo(
  ada: KithNode,
  net: ReturnType<Devices['stranger']>,
  frames: readonly RecoveryFrame[],
): Promise<readonly string[]> {
  const stream = await net.open(ada.device, RECOVERY)
  for (const frame of frames) await stream.send(recoveryCodec.encode(frame))
  await stream.close()
  const kinds: string[] = []
  try {
    for await (const bytes of stream.incoming) kinds.push(recoveryCodec.decode(bytes).kind)
  } catch {
    kinds.push('reset')
  }
  return kinds
}

describe('copies on their way', () => {
  test('REC-10 REC-16: a contact gets a copy it cannot read, and the words open it', async () => {
    const { devices, ada, ben, frames } = await friends()
    const cleo = await devices.start('cleo')
    const { code } = await cleo.contacts.invite()
    const { contact } = await ada.contacts.add(code, { name: CANARY })
    await expect.poll(() => copiesOf(frames, 'ada').length, WAIT).toBe(2)

    const [last = new Uint8Array()] = copiesOf(frames, 'ada').toReversed()
    const copy = readRecoveryCopy(last)
    expect(copy).toMatchObject({ account: accountOf(ada), device: ada.device })
    for (const reader of [ben, cleo]) {
      expect(openRecoveryCopy(copy, (await rootOf(reader)).recoverySecretKey)).toBeUndefined()
    }
    const secrets = [CANARY, contact, String(ben.account)]
    for (const { bytes } of frames) {
      expect(secrets.filter((secret) => Buffer.from(bytes).includes(secret))).toEqual([])
    }
    const opened = openRecoveryCopy(copy, (await rootOf(ada)).recoverySecretKey)
    const data = createAccountData()
    if (!opened) throw new Error('it does not open')
    data.applyUpdate(opened.data, { kind: 'snapshot' })
    expect(data.contacts.get(contact)).toMatchObject({ name: CANARY })
    expect(opened.people.map(({ account }) => account)).toContain(ben.account)
    expect(opened.places.map(({ device }) => device)).toContain(ben.device)
  })

  test('REC-15: switched off, nobody is given one any more, and contacts drop theirs', async () => {
    const { devices, ada, frames } = await friends()
    await expect.poll(() => copiesOf(frames, 'ada').length, WAIT).toBe(1)
    expect(await ada.recovery.copies()).toBe(true)
    expect(await ada.recovery.copies(false)).toBe(false)
    const kinds = (): readonly string[] =>
      frames
        .filter(({ from }) => from === 'ada')
        .map(({ bytes }) => recoveryCodec.decode(bytes).kind)
    await expect.poll(kinds, WAIT).toContain('forget')
    await devices.acquaint(ada, await devices.start('cleo'))
    await expect.poll(() => kinds().filter((kind) => kind === 'forget').length, WAIT).toBe(2)
    expect(copiesOf(frames, 'ada')).toHaveLength(1)
  })
})

describe('whom a device answers', () => {
  test('REC-13 REC-20: strangers neither leave a copy nor are told anything', async () => {
    const { devices, ada } = await friends()
    expect(await answersTo(ada, devices.stranger(), [{ kind: 'offer' }])).toEqual(['reset'])
    expect(await answersTo(ada, devices.stranger(), [{ kind: 'forget' }])).toEqual(['reset'])
    expect(await answersTo(ada, devices.stranger(), [{ kind: 'done' }])).toEqual(['reset'])
    const forged: RecoveryFrame = {
      kind: 'proof',
      root: (await rootOf(ada)).signer.publicKey,
      signature: new Uint8Array(64),
    }
    expect(await answersTo(ada, devices.stranger(), [{ kind: 'ask' }, forged])).toEqual([
      'challenge',
      'reset',
    ])
  })

  test('REC-14: a contact that floods is told that it is enough, and what it pushes is not read', async () => {
    const { devices, ada, ben, frames } = await friends()
    await expect.poll(() => copiesOf(frames, 'ben').length, WAIT).toBe(1)
    const [copy = new Uint8Array()] = copiesOf(frames, 'ben')
    await ben.stop()
    const net = devices.impersonate(ben)
    for (let again = 0; again < 20; again++) {
      expect(await answersTo(ada, net, [{ kind: 'offer' }])).toEqual(['enough'])
    }
    expect(await answersTo(ada, net, [{ kind: 'offer' }, { kind: 'copy', copy }])).toEqual([
      'enough',
    ])
    expect(await answersTo(ada, net, [{ kind: 'copy', copy }])).toEqual(['reset'])
  })

  test('REC-20: a proof for one device is none for another', async () => {
    const { devices, ada } = await friends()
    const root = await rootOf(ada)
    const [eve, person] = [devices.stranger(), devices.stranger()]
    // Eve stands between: she hands the person Ada's challenge, and Ada what the person proved to her.
    const toAda = talk(await eve.open(ada.device, RECOVERY))
    await toAda.send({ kind: 'ask' })
    const challenge = await toAda.read()
    eve.handle(RECOVERY, async (stream) => {
      const toPerson = talk(stream)
      await toPerson.read()
      await toPerson.send(challenge)
      await toAda.send(await toPerson.read())
    })
    const toEve = talk(await person.open(eve.peer, RECOVERY))
    await toEve.send({ kind: 'ask' })
    const asked = await toEve.read()
    const signature = await proveRecovery(root.signer, {
      asking: parseDeviceId(person.peer),
      answering: parseDeviceId(eve.peer),
      nonce: asked.kind === 'challenge' ? asked.nonce : expect.fail('no challenge'),
    })
    await toEve.send({ kind: 'proof', root: root.signer.publicKey, signature })
    await expect(toAda.read()).rejects.toMatchObject({ code: 'ERR_STREAM_RESET' })
  })
})

interface Talk {
  send(frame: RecoveryFrame): Promise<void>
  read(): Promise<RecoveryFrame>
}

function talk(stream: FrameStream): Talk {
  const frames = stream.incoming[Symbol.asyncIterator]()
  return {
    send: (frame) => stream.send(recoveryCodec.encode(frame)),
    read: async () => {
      const next = await frames.next()
      return recoveryCodec.decode(next.done ? expect.fail('the stream ended') : next.value)
    },
  }
}
