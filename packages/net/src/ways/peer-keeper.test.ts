import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Path } from '../addresses.ts'
import { peerOfPublicKey } from '../identity.ts'
import { testIdentity, testRng } from '../testing/fixtures.ts'
import type { Connections } from './connections.ts'
import { type PeerKeeper, startPeerKeeper } from './peer-keeper.ts'

const ben = peerOfPublicKey(testIdentity('ben').publicKey)
const HOUR = 60 * 60 * 1_000
const lan = multiaddr(`/ip4/192.168.1.2/tcp/1/p2p/${ben}`)
const relayed = multiaddr(`/ip4/203.0.113.1/tcp/1/p2p/${ben}/p2p-circuit/p2p/${ben}`)

let keeper: PeerKeeper | undefined

const NOBODY: Connections = {
  best: () => undefined,
  path: () => undefined,
  all: (): readonly Connection[] => [],
  peers: () => [],
  prune: async () => {},
  closeAll: async () => {},
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(async () => {
  await keeper?.stop()
  vi.useRealTimers()
})

/** A keeper whose dials do what the test says, on a clock that the test moves. */
function kept(dial: (count: number) => Path | 'hang up' | 'no answer'): {
  readonly dials: number[]
  lose(): void
} {
  const dials: number[] = []
  let path: Path | undefined
  const made = startPeerKeeper({
    connections: { ...NOBODY, path: () => path },
    clock: { now: () => Date.now(), monotonic: () => Date.now() },
    rng: testRng('keeper'),
    addresses: () => [lan, relayed],
    dial: async () => {
      dials.push(Date.now())
      const outcome = dial(dials.length)
      if (outcome === 'no answer') throw new Error(outcome)
      if (outcome === 'hang up') return made.notice(ben)
      path = outcome
      made.notice(ben)
    },
    explain: () => {},
    suspect: () => {},
    isFirst: () => true,
  })
  keeper = made
  made.keep([ben])
  return {
    dials,
    lose: () => {
      path = undefined
      made.notice(ben)
    },
  }
}

describe('NET-25 a kept peer', () => {
  test('NET-25 that is away is dialled for ever, at last each half minute', async () => {
    const { dials } = kept(() => 'no answer')
    await vi.advanceTimersByTimeAsync(24 * HOUR)
    expect(dials.length).toBeGreaterThan((24 * HOUR) / 30_000)
    const waits = dials.slice(1).map((at, index) => at - (dials[index] ?? 0))
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
    expect(dials.filter((at) => at < (dials[0] ?? 0) + 2_000).length).toBeGreaterThan(1)
  })

  test('NET-25 is dialled at once when there is new hope', async () => {
    const { dials } = kept(() => 'no answer')
    await vi.advanceTimersByTimeAsync(HOUR)
    const before = dials.length
    keeper?.wake(ben)
    await vi.advanceTimersByTimeAsync(200)
    expect(dials).toHaveLength(before + 1)
  })

  test('NET-25 that hangs up whenever it is dialled is not dialled as fast as it hangs up', async () => {
    const { dials } = kept(() => 'hang up')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(dials.length).toBeGreaterThan(2)
    expect(dials.length).toBeLessThan(15)
  })

  test('NET-25 that was here and is lost is dialled again at once', async () => {
    const { dials, lose } = kept((count) => (count === 1 ? 'lan' : 'no answer'))
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(dials).toHaveLength(1)
    lose()
    await vi.advanceTimersByTimeAsync(100)
    expect(dials).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(60_000)
    const waits = dials.slice(2).map((at, index) => at - (dials[index + 1] ?? 0))
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000)
  })

  test('NET-35 on a relayed way is dialled for a better one, ever more seldom', async () => {
    const { dials } = kept((count) => (count === 1 ? 'relayed' : 'no answer'))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(dials.length).toBeGreaterThan(2)
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(dials.length).toBeLessThan(60)
    expect(dials.length).toBeGreaterThan(12)
  })

  test('NET-25 that is dialled in vain is dialled anew as soon as there is another way', async () => {
    const dialled: string[][] = []
    const ways = [lan]
    const made = startPeerKeeper({
      connections: NOBODY,
      clock: { now: () => Date.now(), monotonic: () => Date.now() },
      rng: testRng('more'),
      addresses: () => ways,
      // an address that swallows everything
      dial: (_, addresses, signal) => {
        dialled.push(addresses.map(String))
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      },
      explain: () => {},
      suspect: () => {},
      isFirst: () => true,
    })
    keeper = made
    made.keep([ben])
    await vi.advanceTimersByTimeAsync(500)
    made.wake(ben)
    await vi.advanceTimersByTimeAsync(500)
    expect(dialled).toEqual([[lan.toString()]])
    ways.push(relayed)
    made.wake(ben)
    await vi.advanceTimersByTimeAsync(100)
    expect(dialled).toEqual([[lan.toString()], [lan.toString(), relayed.toString()]])
  })

  test('NET-18 that is kept no longer, or by a stopped keeper, is left alone', async () => {
    const { dials } = kept(() => 'no answer')
    await vi.advanceTimersByTimeAsync(1_000)
    keeper?.keep([])
    const before = dials.length
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(dials).toHaveLength(before)
    await keeper?.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
