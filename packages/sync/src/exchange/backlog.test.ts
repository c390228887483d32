import { expect, test } from 'vitest'
import { countRanges } from '../range-set.ts'
import { note, openDevice, type TestDevice } from '../testing/devices.ts'
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
