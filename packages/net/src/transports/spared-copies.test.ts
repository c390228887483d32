import { createHash, randomBytes } from 'node:crypto'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test, vi } from 'vitest'
import { createNet } from '../index.ts'
import { realClock, testIdentity, testRng } from '../testing/fixtures.ts'

const SINK = { id: '/kith/sink/1', maxFrameBytes: 4 * 1024 * 1024, maxStreamsPerPeer: 4 }

test('NET-19 of bytes of any size each arrives, and no record of Noise is copied to be opened', async () => {
  const make = (name: string) =>
    createNet({
      identity: testIdentity(name),
      clock: realClock,
      rng: testRng(name),
      listen: ['/ip4/127.0.0.1/tcp/0'],
    })
  const [ada, ben] = await Promise.all([make('ada'), make('ben')])
  try {
    const hash = createHash('sha256')
    const received = Promise.withResolvers<string>()
    ben.handle(SINK, async (stream) => {
      for await (const frame of stream.incoming) hash.update(frame)
      received.resolve(hash.digest('hex'))
    })
    ada.setAddresses(ben.peer, ben.addresses())
    const stream = await ada.open(ben.peer, SINK)
    const copies = vi.spyOn(Uint8ArrayList.prototype, 'subarray')
    const expected = createHash('sha256')
    for (const size of [1, 1_100, 1_199, 1_200, 1_300, 65_519, 65_520, 300_000, 3_000_000]) {
      const frame = Uint8Array.from(randomBytes(size))
      expected.update(frame)
      await stream.send(frame)
    }
    await stream.close()
    expect(await received.promise).toBe(expected.digest('hex'))
    // a record without its tag: the copy that nobody reads
    const forNothing = copies.mock.calls.filter(
      ([from, to]) => from === 0 && (to ?? 0) > 60_000 && (to ?? 0) <= 65_519,
    )
    copies.mockRestore()
    expect(forNothing).toHaveLength(0)
  } finally {
    await Promise.all([ada.stop(), ben.stop()])
  }
})
