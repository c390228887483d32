import { expect, test } from 'vitest'
import { startTwoNets } from '../testing/two-nets.ts'

const MIB = 1024 * 1024
const BULK = { id: '/kith/bulk/1', maxFrameBytes: MIB, maxStreamsPerPeer: 4 }

test('NET-5 a window is renewed in time: many times its size goes through, there and back', async () => {
  const [ada, ben] = await startTwoNets()
  try {
    ben.handle(BULK, async (stream) => {
      for await (const frame of stream.incoming) await stream.send(frame)
    })
    ada.setAddresses(ben.peer, ben.addresses())
    const stream = await ada.open(ben.peer, BULK)
    // Some are a little above and below what a half, a whole and two windows hold.
    const sizes = [1, 131_071, 131_073, 262_131, 262_145, 524_289, MIB, 200, MIB, 3]
    const sending = (async () => {
      for (const size of [...sizes, ...sizes, ...sizes]) await stream.send(new Uint8Array(size))
      await stream.close()
    })()
    const back: number[] = []
    for await (const frame of stream.incoming) back.push(frame.length)
    await sending
    expect(back).toEqual([...sizes, ...sizes, ...sizes])
  } finally {
    await Promise.all([ada.stop(), ben.stop()])
  }
})
