import type { FrameStream, NetProtocol } from '@kithmesh/net'
import { expect, test } from 'vitest'
import { randomOf } from '../ground/random.ts'
import { createVirtualTime } from '../ground/time.ts'
import { createNetwork } from './network.ts'
import type { Weather } from './weather.ts'

const ECHO: NetProtocol = { id: '/echo/1', maxFrameBytes: 1024, maxStreamsPerPeer: 4 }
const CALM: Weather = { delay: [5, 20], loss: 0, resets: 0, twice: 0 }

function twoPeers(weather: Weather = CALM) {
  const time = createVirtualTime()
  const carried: number[] = []
  const network = createNetwork({
    time,
    clock: { now: () => time.now() },
    random: randomOf('network'),
    weather,
    carried: (_from, _to, _protocol, frame) => void carried.push(frame[0] ?? -1),
  })
  let isOn = true
  const a = network.join('a', () => true)
  const b = network.join('b', () => isOn)
  const seen: string[] = []
  a.addEventListener('peer:connected', () => void seen.push(`connected at ${time.now()}`))
  a.addEventListener('peer:disconnected', () => void seen.push('disconnected'))
  const switchOff = (): void => {
    isOn = false
    b.goOff()
  }
  return { time, network, a, b, carried, seen, switchOff }
}

async function readAll(stream: FrameStream): Promise<readonly number[]> {
  const frames: number[] = []
  for await (const [first = -1] of stream.incoming) frames.push(first)
  return frames
}

test('SIM-9 frames of a stream arrive in order, each with its time, also when some are sent again', async () => {
  const { time, a, b, carried } = twoPeers({ ...CALM, loss: 0.3 })
  const got = Promise.withResolvers<readonly number[]>()
  b.handle(ECHO, async (stream) => got.resolve(await readAll(stream)))
  const send = async (): Promise<void> => {
    const stream = await a.open('b', ECHO)
    for (let frame = 0; frame < 20; frame++) await stream.send(Uint8Array.of(frame))
    await stream.close()
  }
  await time.settle(send(), 10_000)
  const numbers = Array.from({ length: 20 }, (_, at) => at)
  expect(await time.settle(got.promise, 60_000)).toEqual(numbers)
  expect(carried).toEqual(numbers)
})

test('SIM-9 who is kept is connected again after a partition, and not during it', async () => {
  const { time, network, a, seen } = twoPeers()
  a.keep(['b'])
  await time.run(5_000)
  network.split([['a'], ['b']], 'told')
  await time.run(20_000)
  expect(a.connected()).toEqual([])
  network.heal()
  await time.run(30_000)
  expect(a.connected()).toEqual(['b'])
  expect(seen.map((line) => line.split(' ')[0])).toEqual(['connected', 'disconnected', 'connected'])
})

test('SIM-9 a machine without power is noticed later, and every stream to it breaks then', async () => {
  const { time, a, b, seen, switchOff } = twoPeers()
  b.handle(ECHO, (stream) => readAll(stream).then(() => undefined))
  a.keep(['b'])
  await time.run(5_000)
  const stream = await time.settle(a.open('b', ECHO), 1_000)
  const reading = readAll(stream)
  switchOff()
  expect(a.connected()).toEqual(['b'])
  await expect(time.settle(reading, 60_000)).rejects.toThrow('reset')
  expect(seen.at(-1)).toBe('disconnected')
})
