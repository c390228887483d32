import { type Content, contentCodec, directChatId, messageIdOf } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import type { LogChange } from '../log/account-log-store.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { countRanges } from '../range-set.ts'
import { ACCOUNT, note, openDevice, type TestDevice } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { accountNumber, deviceNumber } from '../testing/ids.ts'
import { meet } from '../testing/meeting.ts'
import { nativeCrypto, nativeSigner } from '../testing/native-crypto.ts'
import { MAX_FRAME_BYTES } from './frames.ts'

const held = ({ log }: TestDevice): number =>
  log.holdings().reduce((sum, { stored }) => sum + countRanges(stored), 0)

test('D6 a backlog of 10,000 records crosses in about the time it took to write, in bounded pieces', async () => {
  const ada = await openDevice(1, { crypto: nativeCrypto, signer: nativeSigner(1) })
  const began = performance.now()
  for (let at = 0; at < 10_000; at += 1) {
    await ada.log.append({ lane: 'messages', contents: [note(`message ${at}`)] })
  }
  const ben = await openDevice(2, { crypto: nativeCrypto, signer: nativeSigner(2) })
  const written = performance.now()
  const meeting = meet(ada, ben)
  await meeting.caughtUp()
  // As a ratio within one run, whatever else the machine does: about as long as sealing and
  // signing them took.
  const [writing, crossing] = [written - began, performance.now() - written]
  expect(crossing).toBeLessThan(4 * writing)
  expect(held(ben)).toBe(10_000)
  expect(Math.max(...meeting.line.frames.map(({ length }) => length))).toBeLessThan(MAX_FRAME_BYTES)
  await meeting.close()
})

/** A message as people write them: two devices by turns, 20 to 100 bytes. */
function writtenMessage(
  at: number,
  rng: ReturnType<typeof createSeededRng>,
  parent: Content | undefined,
): Content {
  const ben = accountNumber(7)
  const [length = 0] = rng.bytes(1)
  const author =
    at % 2 === 0
      ? { account: ACCOUNT, device: deviceNumber(11) }
      : { account: ben, device: deviceNumber(12) }
  return {
    chat: directChatId(ACCOUNT, ben),
    author,
    seq: 1 + (at >> 1),
    parents: parent === undefined ? [] : [messageIdOf(contentCodec.encode(parent))],
    at: 1_790_000_000_000 + at * 260_000,
    salt: rng.bytes(16),
    body: { kind: 'text', text: 'x'.repeat(20 + (length % 80)) },
  }
}

/** Messages of the backlog: KITH_BACKLOG=20000 for the whole of D6. */
const BACKLOG = Number(process.env['KITH_BACKLOG'] ?? 2_000)

test(`D6 ALOG-21 ${BACKLOG} messages of a long absence: at most 1.2 bytes on the wire for each, little of it held`, async () => {
  const rng = createSeededRng(6)
  const ada = await openDevice(1, { crypto: nativeCrypto, signer: nativeSigner(1) })
  let payload = 0
  let last: Content | undefined
  for (let at = 0; at < BACKLOG; at += 1) {
    last = writtenMessage(at, rng, last)
    const body = contentCodec.encode(last)
    payload += body.length
    // A record of its own each: what a person writes now and then.
    await ada.log.append({ lane: 'messages', contents: [{ kind: 'content', body }] })
  }
  const inner = createMemoryAccountLogStore()
  const atOnce: number[] = []
  const store = {
    ...inner,
    commit: (change: LogChange) => {
      atOnce.push(bytesOf(change))
      return inner.commit(change)
    },
  }
  const ben = await openDevice(2, { crypto: nativeCrypto, signer: nativeSigner(2), store })
  const meeting = meet(ada, ben)
  await meeting.caughtUp()
  await meeting.close()
  expect(held(ben)).toBe(BACKLOG)
  const wire = meeting.line.frames.reduce((sum, { length }) => sum + length, 0)
  expect(wire / payload).toBeLessThan(1.2)
  // One window at a time is being taken in, and one more is on the way (ALOG-13).
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(512 * 1024)
})

function bytesOf({ records = [] }: LogChange): number {
  return records.reduce((sum, { sealed }) => sum + sealed.length, 0)
}
