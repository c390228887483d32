import { createHash } from 'node:crypto'
import type { Libp2p, Stream } from '@libp2p/interface'
import { afterEach, describe, expect, test } from 'vitest'
import type { Relay, RelayOptions } from '../relay-options.ts'
import {
  connectTo,
  openCircuit,
  openHop,
  type RawCircuit,
  readAnswer,
  reserveByHand,
} from '../testing/raw-circuit.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'
import { type Cable, createCable } from '../testing/tcp-cable.ts'

const world = createWorld()
afterEach(() => world.stop())

const MIB = 1024 * 1024

/** Two peers on one circuit they opened by hand: its bytes are the relay's to forward, unsealed. */
async function circuitOver(
  options: Partial<RelayOptions> = {},
): Promise<RawCircuit & { readonly relay: Relay }> {
  const relay = await world.relay(options)
  const address = tcpAddressOf(relay)
  const [ada, ben] = await Promise.all([
    world.peer({ circuit: false }),
    world.peer({ circuit: false }),
  ])
  const next = await reserveByHand(ada, address)
  return { relay, ...(await openCircuit(ben, address, { to: ada, next })) }
}

describe('RLY-9 as fast as the slower side and no faster', () => {
  test('RLY-9 a stalled reader stops its sender, and then gets every byte in order', async () => {
    const { relay, initiator, target } = await circuitOver()
    const total = 64 * MIB
    const sending = sendAll(initiator, total)
    let highest = 0
    await expect
      .poll(
        () => {
          highest = Math.max(highest, relay.status().bufferedBytes)
          return standsStill(relay)
        },
        { timeout: 10_000 },
      )
      .toBe(true)
    expect(relay.status().bytes, 'the sender was stopped on the way').toBeLessThan(24 * MIB)
    expect(highest, 'the relay holds a window or two').toBeLessThan(4 * MIB)
    const received = await receiveAll(target)
    expect(received).toEqual(await sending)
    expect(relay.status().bufferedBytes).toBe(0)
  })

  test('RLY-9 both ways at once, each at its own pace', async () => {
    const { initiator, target } = await circuitOver()
    const there = sendAll(initiator, 8 * MIB)
    const back = sendAll(target, 8 * MIB)
    expect(await receiveAll(target)).toEqual(await there)
    expect(await receiveAll(initiator)).toEqual(await back)
  })

  test('RLY-9 D1 a reader that never reads loses its circuit', async () => {
    const { relay, initiator } = await circuitOver({ stallTimeout: 200 })
    sendAll(initiator, 64 * MIB).catch(() => {})
    await expect.poll(() => initiator.status, { timeout: 10_000 }).toBe('reset')
    await expect.poll(() => relay.status().circuits).toBe(0)
  })

  test('RLY-8 a rate is kept over all circuits', async () => {
    const { initiator, target } = await circuitOver({ limits: { maxRate: 2 * MIB } })
    const started = performance.now()
    const sending = sendAll(initiator, 4 * MIB)
    expect(await receiveAll(target)).toEqual(await sending)
    // Two seconds' worth, less a burst of a quarter and the last window, which nobody waits for.
    expect(performance.now() - started).toBeGreaterThan(1_000)
  })
})

describe('RLY-10 ends are passed on', () => {
  test('RLY-10 one side may end while the other goes on', async () => {
    const { relay, initiator, target } = await circuitOver()
    const there = sendAll(initiator, MIB)
    expect(await receiveAll(target)).toEqual(await there)
    expect(initiator.writeStatus).toBe('closed')
    expect(target.writeStatus).toBe('writable')
    const back = sendAll(target, MIB)
    expect(await receiveAll(initiator)).toEqual(await back)
    await expect.poll(() => relay.status().circuits).toBe(0)
    expect([initiator.status, target.status]).toEqual(['closed', 'closed'])
  })

  test('RLY-10 an end behind unread bytes does not overtake them', async () => {
    const { relay, initiator, target } = await circuitOver()
    const sending = sendAll(initiator, 2 * MIB)
    await expect.poll(() => standsStill(relay)).toBe(true)
    expect(await receiveAll(target)).toEqual(await sending)
  })

  test('RLY-10 what a slow reader has not read when both ended still arrives', async () => {
    const { relay, initiator, target } = await circuitOver()
    await target.close()
    await expect.poll(() => initiator.remoteWriteStatus).toBe('closed')
    const sending = sendAll(initiator, MIB)
    await expect.poll(() => standsStill(relay)).toBe(true)
    expect(await receiveAll(target)).toEqual(await sending)
    await expect.poll(() => relay.status().circuits).toBe(0)
  })

  test('RLY-8 RLY-10 what a rate held back when both ended still arrives', async () => {
    const { initiator, target } = await circuitOver({ limits: { maxRate: 2 * MIB } })
    await target.close()
    await expect.poll(() => initiator.remoteWriteStatus).toBe('closed')
    const receiving = receiveAll(target)
    const sending = sendAll(initiator, MIB)
    expect(await receiving).toEqual(await sending)
  })

  test('RLY-10 what came right behind the request and behind the answer is the first of it', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const [ada, ben] = await Promise.all([1, 2].map(() => world.peer({ circuit: false })))
    if (ada === undefined || ben === undefined) throw new Error('no peers')
    const next = await reserveByHand(ada, address, { behindStatus: Uint8Array.of(4, 5) })
    const stream = await openHop(ben, address)
    const request = connectTo(ada)
    void stream.send(Uint8Array.of(request.length, ...request, 1, 2, 3))
    const target = await next()
    const atTarget = receiveAll(target)
    const { stream: initiator } = await readAnswer(stream)
    const atInitiator = receiveAll(initiator)
    await Promise.all([initiator.close(), target.close()])
    expect(await atTarget).toEqual(digestOf(Uint8Array.of(1, 2, 3)))
    expect(await atInitiator).toEqual(digestOf(Uint8Array.of(4, 5)))
  })

  test.each(['initiator', 'target'] as const)(
    'RLY-10 a reset of the %s resets the other',
    async (side) => {
      const { relay, ...ends } = await circuitOver()
      const other = side === 'initiator' ? ends.target : ends.initiator
      ends[side].abort(new Error('away'))
      await expect.poll(() => other.status).toBe('reset')
      await expect.poll(() => relay.status().circuits).toBe(0)
    },
  )

  test.each([
    ['says so', (peer: Libp2p, _cable: Cable) => abortAll(peer)],
    ['is cut', (_peer: Libp2p, cable: Cable) => cable.cut()],
  ])('RLY-10 a connection that breaks and %s is no end of the data', async (_name, breakIt) => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const port = /\/tcp\/(\d+)/.exec(address)?.[1] ?? ''
    const cable = await createCable(Number(port))
    const ada = await world.peer({ circuit: false })
    const ben = await world.peer({ circuit: false })
    const next = await reserveByHand(ada, address)
    const through = address.replace(`/tcp/${port}`, `/tcp/${cable.port}`)
    const { target } = await openCircuit(ben, through, { to: ada, next })
    breakIt(ben, cable)
    await expect.poll(() => target.status).toBe('reset')
    await expect.poll(() => relay.status().circuits).toBe(0)
    cable.cut()
  })

  test('RLY-10 a stopping relay resets what is left', async () => {
    const { relay, initiator, target } = await circuitOver()
    await relay.stop()
    await expect.poll(() => [initiator.status, target.status]).not.toContain('open')
  })
})

function abortAll(peer: Libp2p): void {
  for (const connection of peer.getConnections()) connection.abort(new Error('gone'))
}

/** Whether nothing has crossed the relay since the last time this was asked of it. */
function standsStill(relay: Relay): boolean {
  const { bytes } = relay.status()
  const still = bytes > 0 && seen.get(relay) === bytes
  seen.set(relay, bytes)
  return still
}
const seen = new WeakMap<Relay, number>()

/** Length and hash of bytes, to compare two ends by. */
interface Digest {
  readonly length: number
  readonly hash: string
}

function digestOf(bytes: Uint8Array): Digest {
  return { length: bytes.length, hash: createHash('sha256').update(bytes).digest('hex') }
}

/** Sends that many bytes, no two chunks alike, and ends. */
async function sendAll(stream: Stream, total: number): Promise<Digest> {
  const hash = createHash('sha256')
  for (let sent = 0; sent < total; sent += 64 * 1024) {
    const chunk = new Uint8Array(64 * 1024).fill(sent / (64 * 1024))
    hash.update(chunk)
    if (!stream.send(chunk)) await drained(stream)
  }
  await stream.close({ signal: AbortSignal.timeout(20_000) })
  return { length: total, hash: hash.digest('hex') }
}

function drained(stream: Stream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  stream.addEventListener('drain', () => resolve(), { once: true })
  stream.addEventListener('close', () => reject(new Error('closed')), { once: true })
  return promise
}

/** Reads a paused stream to its end. */
function receiveAll(stream: Stream): Promise<Digest> {
  const { promise, resolve, reject } = Promise.withResolvers<Digest>()
  const hash = createHash('sha256')
  let length = 0
  stream.addEventListener('message', ({ data }) => {
    length += data.byteLength
    hash.update(data.subarray())
  })
  const end = (): void => resolve({ length, hash: hash.digest('hex') })
  stream.addEventListener('end', end)
  stream.addEventListener('close', ({ error }) => error !== undefined && reject(error))
  stream.resume()
  if (stream.readableEnded) end()
  return promise
}
