import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decoded } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTime, type Time } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices, type Devices, type SeenFrame } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { MESSAGE } from '../protocols.ts'
import { toRecipientCodec, toSenderCodec } from './message-wire.ts'

const WAIT = { timeout: 30_000, interval: 20 } as const
const HOUR = 60 * 60 * 1000

interface Ground {
  readonly devices: Devices
  readonly time: Time
  /** What was said on message streams, as `name kind`; a refusal with a word is `name word`. */
  readonly said: readonly string[]
  /** The words themselves: one that was lost on its way is said again as it was (SES-26). */
  readonly words: ReadonlySet<string>
  /** Refusals that came to the sender. */
  heard(): number
  /** `own` is a clock that goes apart from the others. */
  start(name: string, own?: Time): Promise<KithNode>
  /** Throws away the sessions of a device that is stopped, as an old copy of its disk would. */
  loseSessions(name: string): Promise<void>
}

async function ground(onFrame: (frame: SeenFrame) => void = () => undefined): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-lost-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const time = createTime()
  const said: string[] = []
  const words = new Set<string>()
  let heard = 0
  const warn = (message: string): void => {
    if (message === 'an envelope was refused') heard += 1
  }
  const logger = { debug: () => undefined, warn }
  const devices = createDevices((frame) => {
    if (frame.protocol === MESSAGE.id) {
      const word = wordOf(frame.bytes)
      said.push(`${frame.from} ${word}`)
      if (word === 'word') words.add(Buffer.from(frame.bytes).toString('hex'))
    }
    onFrame(frame)
  })
  return {
    devices,
    time,
    said,
    words,
    heard: () => heard,
    start: (name, own = time) => devices.start(name, { home: join(folder, name), logger, ...own }),
    loseSessions: async (name) => {
      const { store, tables } = await openContext({ home: join(folder, name) })
      for await (const [device] of tables.sessions.entries()) {
        await store.commit([tables.sessions.delete(device)])
      }
      await store.close()
    },
  }
}

function wordOf(bytes: Uint8Array): string {
  const frame = decoded(toRecipientCodec, bytes) ?? toSenderCodec.decode(bytes)
  return frame.kind === 'refuse' && frame.control ? 'word' : frame.kind
}

async function textsOf(node: KithNode, of: KithNode): Promise<readonly string[]> {
  return (await node.messages.list(accountOf(of))).map(({ text }) => text)
}

/** Ada and Ben, who have a session that both have used. */
async function talking(at: Ground): Promise<{ readonly ada: KithNode; readonly ben: KithNode }> {
  const [ada, ben] = [await at.start('ada'), await at.start('ben')]
  await at.devices.acquaint(ada, ben)
  await ada.messages.send(accountOf(ben), { text: 'hello' })
  await expect.poll(() => textsOf(ben, ada), WAIT).toHaveLength(1)
  await ben.messages.send(accountOf(ada), { text: 'hi' })
  await expect.poll(() => textsOf(ada, ben), WAIT).toHaveLength(2)
  return { ada, ben }
}

test('SES-26 SES-28 B2 a recipient that lost its sessions gets a whole backlog, each message once, by one word', async () => {
  const at = await ground()
  const { ada, ben } = await talking(at)
  await ben.stop()
  await at.loseSessions('ben')
  const texts = Array.from({ length: 80 }, (_, number) => `no ${number + 1}`)
  for (const text of texts) await ada.messages.send(accountOf(ben), { text })
  const again = await at.start('ben')
  await expect.poll(() => textsOf(again, ada), WAIT).toEqual(['hello', 'hi', ...texts])
  await expect.poll(async () => (await ada.status()).pending, WAIT).toBe(0)
  expect(at.said.filter((word) => word === 'ben word')).toHaveLength(1)
  // The other way, too, on the session that Ben began.
  await again.messages.send(accountOf(ada), { text: 'all there' })
  await expect.poll(async () => (await textsOf(ada, again)).at(-1), WAIT).toBe('all there')
  // Nothing refused is left: the lane is not ended at the hour (DEL-21).
  const offers = (): number => at.said.filter((word) => word === 'ada offer').length
  const before = offers()
  at.time.leap(HOUR)
  await ada.messages.send(accountOf(again), { text: 'an hour later' })
  await expect.poll(async () => (await textsOf(again, ada)).at(-1), WAIT).toBe('an hour later')
  expect(offers()).toBe(before)
})

test('DEL-10 DEL-7 DEL-21 E4 a content that is refused for its time is sealed anew each hour: no session is begun for it', async () => {
  const at = await ground()
  const ahead = createTime()
  const [ada, ben] = [await at.start('ada', ahead), await at.start('ben')]
  await at.devices.acquaint(ada, ben)
  await ada.messages.send(accountOf(ben), { text: 'hello' })
  await expect.poll(() => textsOf(ben, ada), WAIT).toHaveLength(1)
  ahead.leap(30 * HOUR)
  await ada.messages.send(accountOf(ben), { text: 'from tomorrow' })
  for (let hour = 1; hour <= 3; hour++) {
    await expect.poll(at.heard, WAIT).toBe(hour)
    ahead.leap(HOUR)
  }
  await expect.poll(at.heard, WAIT).toBe(4)
  expect(at.words.size).toBe(0)
  at.time.leap(10 * HOUR)
  ahead.leap(HOUR)
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['hello', 'from tomorrow'])
  expect(at.words.size).toBe(0)
})

test('SES-26 SES-28 when the word is lost on its way, it is said again with what comes again', async () => {
  let isLost = true
  const at = await ground((frame) => {
    if (!isLost || frame.protocol !== MESSAGE.id || wordOf(frame.bytes) !== 'word') return
    isLost = false
    at.devices.hub.partition([[ada.device], [again.device]])
    throw new Error('lost')
  })
  const { ada, ben } = await talking(at)
  await ben.stop()
  await at.loseSessions('ben')
  await ada.messages.send(accountOf(ben), { text: 'still there?' })
  const again = await at.start('ben')
  await expect.poll(() => isLost, WAIT).toBe(false)
  at.devices.hub.heal()
  await expect.poll(async () => (await textsOf(again, ada)).at(-1), WAIT).toBe('still there?')
  expect(at.said.filter((word) => word === 'ben word')).toHaveLength(2)
})

test('SES-26 DEL-10 a second loss within the hour waits for it to be over', async () => {
  const at = await ground()
  const { ada, ben } = await talking(at)
  let last = ben
  for (const text of ['after the first', 'after the second']) {
    await last.stop()
    await at.loseSessions('ben')
    await ada.messages.send(accountOf(ben), { text })
    last = await at.start('ben')
    if (text === 'after the first') {
      await expect.poll(async () => (await textsOf(last, ada)).at(-1), WAIT).toBe(text)
    }
  }
  const refusals = (): number => at.said.filter((word) => word === 'ben refuse').length
  await expect.poll(refusals, WAIT).toBeGreaterThan(0)
  expect(at.words.size).toBe(1)
  expect(await textsOf(last, ada)).not.toContain('after the second')
  expect((await ada.status()).pending).toBe(1)
  at.time.leap(HOUR)
  at.devices.hub.partition([[ada.device], [last.device]])
  at.devices.hub.heal()
  await expect.poll(async () => (await textsOf(last, ada)).at(-1), WAIT).toBe('after the second')
  // What was sealed again within the hour may arrive just behind it: the word to it is lost with the
  // connection, and said again as it was.
  expect(at.words.size).toBe(2)
})
