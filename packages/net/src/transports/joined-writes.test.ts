import { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { startTwoNets } from '../testing/two-nets.ts'

const ECHO = { id: '/kith/echo/1', maxFrameBytes: 1024, maxStreamsPerPeer: 4 }

test('NET-19 NET-5 a frame and its answer are one write each on the sockets between, and nothing else is', async () => {
  const [ada, ben] = await startTwoNets()
  try {
    ben.handle(ECHO, async (stream) => {
      for await (const frame of stream.incoming) await stream.send(frame)
    })
    ada.setAddresses(ben.peer, ben.addresses())
    const stream = await ada.open(ben.peer, ECHO)
    const answers = stream.incoming[Symbol.asyncIterator]()
    const frame = new Uint8Array(200)
    const roundTrip = async (): Promise<void> => {
      await stream.send(frame)
      expect((await answers.next()).value).toEqual(frame)
    }
    // Until then there is talk about protocols and windows.
    for (let warm = 0; warm < 10; warm++) await roundTrip()
    const writes = vi.spyOn(Socket.prototype, 'write')
    for (let count = 0; count < 20; count++) await roundTrip()
    const pieces = writes.mock.calls.map(([piece]) => Buffer.byteLength(piece))
    writes.mockRestore()
    // Length of the record, header of the stream, length of the frame, frame, tag.
    const whole = pieces.filter((bytes) => bytes === 2 + 12 + 2 + frame.length + 16)
    expect(whole).toHaveLength(40)
    // Others may be signs of life; news of the window with every frame would be forty more.
    expect(pieces.length).toBeLessThan(50)
  } finally {
    await Promise.all([ada.stop(), ben.stop()])
  }
})
