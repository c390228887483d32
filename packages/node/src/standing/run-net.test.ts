import { createMemoryHub, createMemoryNet, type FrameStream, type NetProtocol } from '@kithmesh/net'
import { signerFromSeed } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import { netForRuns } from './run-net.ts'

const ECHO: NetProtocol = { id: '/kith/echo/1', maxFrameBytes: 64, maxStreamsPerPeer: 4 }

test('OUT-8 a protocol is answered by the run of now: not by one that is over, nor by two', async () => {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const [ada, ben] = [1, 2].map((seed) =>
    createMemoryNet(hub, { identity: signerFromSeed(new Uint8Array(32).fill(seed)) }),
  )
  if (!ada || !ben) throw new Error('two were made')
  const netOf = netForRuns(ada)
  const answers =
    (word: number) =>
    (stream: FrameStream): Promise<void> =>
      stream.send(new Uint8Array([word]))
  const asked = async (): Promise<readonly number[]> => {
    const stream = await ben.open(ada.peer, ECHO)
    const said: number[] = []
    try {
      for await (const frame of stream.incoming) said.push(...frame)
    } catch {
      said.push(-1)
    }
    return said
  }
  const [first, second] = [new AbortController(), new AbortController()]
  netOf(first.signal).handle(ECHO, answers(1))
  expect(await asked()).toEqual([1])
  first.abort()
  expect(await asked()).toEqual([-1])
  const net = netOf(second.signal)
  net.handle(ECHO, answers(2))
  expect(await asked()).toEqual([2])
  // All else is the network as it is.
  expect([net.peer, net.connected()]).toEqual([ada.peer, [ben.peer]])
})
