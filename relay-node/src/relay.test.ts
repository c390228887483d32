import type { Libp2p, Stream } from '@libp2p/interface'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld, tcpAddressOf } from './testing/running.ts'
import { circuitAddress } from './testing/stock-peer.ts'

const world = createWorld()
afterEach(() => world.stop())

const SINK = '/test/sink/1'

describe('with stock libp2p clients', () => {
  test('RLY-1 a client reserves, is dialled through, and 50 MB cross', async () => {
    const relay = await world.relay()
    const ada = await world.peer({ listen: [`${tcpAddressOf(relay)}/p2p-circuit`] })
    const ben = await world.peer()
    const total = 50 * 1024 * 1024
    const received = count(ada)
    const connection = await ben.dial(circuitAddress(tcpAddressOf(relay), ada))
    expect(connection.limits).toBeUndefined()
    const stream = await connection.newStream(SINK)
    await sendAll(stream, total)
    await stream.close()
    expect(await received).toBe(total)
    expect(relay.status()).toMatchObject({ reservations: 1, circuits: 1, messagesHeld: 0 })
    expect(relay.status().bytes).toBeGreaterThan(total)
  })

  test('RLY-1 two clients that both reserved reach each other both ways, over WebSocket too', async () => {
    const relay = await world.relay()
    const ws = relay.addresses.find((address) => address.includes('/ws/')) ?? ''
    const ada = await world.peer({ listen: [`${tcpAddressOf(relay)}/p2p-circuit`] })
    const ben = await world.peer({ listen: [`${ws}/p2p-circuit`] })
    for (const [from, to] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      const received = count(to)
      const connection = await from.dial(circuitAddress(tcpAddressOf(relay), to), { force: true })
      const stream = await connection.newStream(SINK)
      await sendAll(stream, 1024 * 1024)
      await stream.close()
      expect(await received).toBe(1024 * 1024)
    }
    expect(relay.status()).toMatchObject({ reservations: 2, circuits: 2 })
  })
})

/** Resolves with the bytes one stream of {@link SINK} carried, when it ends. */
function count(peer: Libp2p): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  void peer.handle(SINK, async (stream) => {
    let bytes = 0
    try {
      for await (const chunk of stream) bytes += chunk.byteLength
      resolve(bytes)
    } catch (error) {
      reject(error)
    }
  })
  return promise
}

async function sendAll(stream: Stream, total: number): Promise<void> {
  const chunk = new Uint8Array(64 * 1024)
  for (let sent = 0; sent < total; sent += chunk.length) {
    if (!stream.send(chunk)) await drained(stream)
  }
}

function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.addEventListener('drain', () => resolve(), { once: true })
    stream.addEventListener('close', () => reject(new Error('closed')), { once: true })
  })
}
