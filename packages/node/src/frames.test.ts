import { createMemoryHub, createMemoryNet, type FrameStream, type NetProtocol } from '@kithmesh/net'
import { codec, text } from '@kithmesh/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { frameReader, typedStream } from './frames.ts'
import { nodePlatform } from './platform.node.ts'
import { MEMORY_HOME } from './platform.ts'
import { platformScheduler } from './scheduler.ts'

const TEST: NetProtocol = { id: '/kith/test/1', maxFrameBytes: 64, maxStreamsPerPeer: 1 }
const words = codec(text({ max: 16 }), { maxBytes: 32 })

/** Both ends of one stream. */
async function streams(): Promise<{ readonly ours: FrameStream; readonly theirs: FrameStream }> {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const net = async (): Promise<ReturnType<typeof createMemoryNet>> =>
    createMemoryNet(hub, { identity: await nodePlatform.openIdentity(MEMORY_HOME) })
  const [here, there] = [await net(), await net()]
  const answered = Promise.withResolvers<FrameStream>()
  there.handle(TEST, (stream) => {
    answered.resolve(stream)
    return new Promise(() => undefined)
  })
  const ours = await here.open(there.peer, TEST)
  return { ours, theirs: await answered.promise }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

test('NODE-11 C3 silence for 20 s resets the stream: ERR_TIMEOUT here, a reset there', async () => {
  const { ours, theirs } = await streams()
  const reading = frameReader(ours, platformScheduler).read()
  const outcome = expect(reading).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  await vi.advanceTimersByTimeAsync(20_000)
  await outcome
  await expect(theirs.incoming[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'ERR_STREAM_RESET',
  })
})

test('NODE-11 a frame in time is read, and no timer stays behind', async () => {
  const { ours, theirs } = await streams()
  const reading = frameReader(ours, platformScheduler).read(1_000)
  await vi.advanceTimersByTimeAsync(999)
  await theirs.send(words.encode('in time'))
  expect(words.decode(await reading)).toBe('in time')
  expect(vi.getTimerCount()).toBe(0)
})

test('NODE-11 a stream that ends instead of answering: ERR_STREAM_ENDED', async () => {
  const { ours, theirs } = await streams()
  const reading = frameReader(ours, platformScheduler).read()
  await theirs.close()
  await expect(reading).rejects.toMatchObject({ code: 'ERR_STREAM_ENDED' })
})

test('NODE-11 C3 a frame that does not decode is an error of the one who reads it', async () => {
  const { ours, theirs } = await streams()
  const typed = typedStream(ours, { incoming: words, outgoing: words }, platformScheduler)
  await theirs.send(Uint8Array.of(0xff))
  await expect(typed.read()).rejects.toMatchObject({ code: 'ERR_MALFORMED' })
})
