import { createMemoryHub, createMemoryNet } from '@kithmesh/net'
import {
  accountIdOfGenesis,
  createGenesis,
  deriveAccountRoot,
  deviceIdFromPublicKey,
  parseDeviceId,
  readRecoveryCopy,
  signerFromSeed,
} from '@kithmesh/protocol'
import { createAccountData, createEpoch, createEpochRing, createEvents } from '@kithmesh/sync'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import type { PeerEvents } from '../greeting/peers.ts'
import { nodePlatform } from '../platform.node.ts'
import { RECOVERY } from '../protocols.ts'
import { commitStaged } from '../staged.ts'
import { type Giving, startGiving } from './giving.ts'
import { type RecoveryFrame, recoveryCodec } from './wire.ts'

const WAIT = { timeout: 10_000, interval: 5 } as const
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

interface Ground {
  readonly giving: Giving
  /** What the contact answers to an offer; undefined resets the stream. */
  answer: RecoveryFrame | undefined
  /** What the contact was sent. */
  readonly heard: RecoveryFrame[]
  /** The contact comes. */
  known(): void
  /** The own device log changes. */
  changed(): void
  /** Timers that wait, by their time in ms; runs one. */
  readonly timers: Map<number, () => void>
}

/** An account with one contact, whose only device is written by the test. */
async function createGround(): Promise<Ground> {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const signer = signerFromSeed(filled(32, 1))
  const timers = new Map<number, () => void>()
  const context = await openContext({
    signer,
    device: deviceIdFromPublicKey(signer.publicKey),
    net: createMemoryNet(hub, { identity: signer }),
    scheduler: {
      schedule: (ms, run) => {
        timers.set(ms, run)
        return () => void timers.delete(ms)
      },
    },
  })
  onTestFinished(() => context.store.close())
  const root = deriveAccountRoot(filled(16, 2))
  const { recoveryPublicKey: recoveryKey } = root
  const genesis = await createGenesis({ root: root.signer, recoveryKey, device: signer, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const logs = await openDeviceLogs(context)
  const staged = logs.stage(account, [genesis])
  if (staged) await commitStaged(context.store, [staged])

  const contact = createMemoryNet(hub, { identity: signerFromSeed(filled(32, 3)) })
  const ground: Pick<Ground, 'answer' | 'heard'> = { answer: undefined, heard: [] }
  contact.handle(RECOVERY, async (stream) => {
    for await (const bytes of stream.incoming) {
      const frame = recoveryCodec.decode(bytes)
      ground.heard.push(frame)
      if (!ground.answer) throw new Error('no answer')
      const answer: RecoveryFrame = frame.kind === 'copy' ? { kind: 'done' } : ground.answer
      await stream.send(recoveryCodec.encode(answer))
    }
  })
  const device = parseDeviceId(contact.peer)
  const bens = accountNamed('b')
  const events = createEvents<PeerEvents>()
  const data = createAccountData()
  const epochs = await createEpochRing([createEpoch(context.rng, 1)], context.primitives)
  const state = { data, log: { epochs }, edit: async (change: () => void) => change() }
  const giving = startGiving(context, {
    account,
    logs,
    state,
    addresses: { own: () => [], get: () => [] },
    isContact: (other) => other === bens,
    peers: { events, accountOf: () => bens },
  })
  return Object.assign(ground, {
    giving,
    timers,
    known: () => events.emit('peer:known', { device, account: bens }),
    changed: () => logs.recheck(account),
  })
}

const kinds = ({ heard }: Ground): readonly string[] => heard.map(({ kind }) => kind)

describe('REC-15 when a copy is offered', () => {
  test('REC-15: when a contact comes, and given only if it wants one, above its number', async () => {
    const ground = await createGround()
    ground.answer = { kind: 'want', above: 2 ** 50 }
    ground.known()
    await expect.poll(() => kinds(ground), WAIT).toEqual(['offer', 'copy'])
    const [, frame] = ground.heard
    const copy = frame?.kind === 'copy' ? readRecoveryCopy(frame.copy) : expect.fail('no copy')
    expect(copy.number).toBe(2 ** 50 + 1)
  })

  test('REC-15: when the own devices change, and again when everybody has heard of it', async () => {
    const ground = await createGround()
    ground.answer = { kind: 'enough' }
    ground.known()
    await expect.poll(() => kinds(ground), WAIT).toEqual(['offer'])
    ground.changed()
    await expect.poll(() => kinds(ground), WAIT).toEqual(['offer', 'offer'])
    ground.answer = { kind: 'want', above: 0 }
    ground.timers.get(30_000)?.()
    await expect.poll(() => kinds(ground), WAIT).toEqual(['offer', 'offer', 'offer', 'copy'])
  })

  test('REC-15: every six hours, for as long as it is connected', async () => {
    const ground = await createGround()
    ground.answer = { kind: 'enough' }
    ground.known()
    await expect.poll(() => kinds(ground), WAIT).toHaveLength(1)
    for (const offers of [2, 3]) {
      ground.timers.get(6 * 3_600_000)?.()
      await expect.poll(() => kinds(ground), WAIT).toHaveLength(offers)
    }
  })

  test('REC-15: switched off, the contact is told to keep none', async () => {
    const ground = await createGround()
    ground.answer = { kind: 'done' }
    ground.known()
    await expect.poll(() => kinds(ground), WAIT).toEqual(['offer'])
    await ground.giving.copies(false)
    await expect.poll(() => kinds(ground), WAIT).toEqual(['offer', 'forget'])
  })
})
