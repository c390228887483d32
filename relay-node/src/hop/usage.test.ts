import {
  firstFrame,
  MAX_USAGE_BYTES,
  openUsage,
  peerOfPublicKey,
  USAGE_PROTOCOL,
  type UsageRecord,
} from '@kithmesh/net'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { createCounters } from '../counters.ts'
import { generateKeyPem, identityFromPem } from '../home/identity.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import type { Access } from '../ownership/access.ts'
import { OPEN_ACCESS } from '../ownership/access.ts'
import { createTestClock, type TestClock } from '../testing/clock.ts'
import { openCircuit, reserveByHand } from '../testing/raw-circuit.ts'
import { createWorld } from '../testing/running.ts'
import { createHopService } from './hop-service.ts'
import { createUsageBook } from './usage.ts'

const world = createWorld()
afterEach(() => world.stop())

const DAY = 24 * 60 * 60 * 1_000

describe('RLY-45 what accounts used', () => {
  test('RLY-45 is summed per account and day, for both ends of a circuit', () => {
    const clock = createTestClock()
    const book = createUsageBook(clock)
    const circuit = book.open(['ada', 'ben'])
    circuit(100)
    book.open(['ada'])(7)
    clock.advance(DAY)
    circuit(1_000)
    expect(book.of('ada')).toEqual([
      { day: '2026-01-01', bytes: 107, circuits: 2 },
      { day: '2026-01-02', bytes: 1_000, circuits: 0 },
    ])
    expect(book.of('ben')[0]).toEqual({ day: '2026-01-01', bytes: 100, circuits: 1 })
    expect(book.of('cid')).toEqual([])
  })

  test('RLY-45 D1 keeps so many days and accounts, and no more', () => {
    const clock = createTestClock()
    const book = createUsageBook(clock)
    const circuit = book.open(['ada'])
    for (let day = 0; day < 100; day += 1) {
      circuit(1)
      clock.advance(DAY)
    }
    expect(book.of('ada')).toHaveLength(62)
    for (let other = 0; other < 1_000; other += 1) book.open([`account ${other}`])
    expect(book.of('ada'), 'the longest known is forgotten first').toEqual([])
  })

  test('RLY-45 a device is told the days of its own account, signed; a stranger nothing', async () => {
    const clock = createTestClock()
    const { address, relayPeer, accounts } = await countingRelay(clock)
    const [ada, ben, eve] = await Promise.all([1, 2, 3].map(() => world.peer({ circuit: false })))
    if (ada === undefined || ben === undefined || eve === undefined) throw new Error('three peers')
    accounts.set(ada.peerId.toString(), 'ada').set(ben.peerId.toString(), 'ben')
    const next = await reserveByHand(ada, address)
    const { initiator, target } = await openCircuit(ben, address, { to: ada, next })
    initiator.send(new Uint8Array(1_000))
    await new Promise((resolve) => {
      target.addEventListener('message', resolve)
      target.resume()
    })
    const told = await askUsage(ada, address)
    expect(told).toEqual([
      {
        relay: relayPeer,
        record: { account: 'ada', day: '2026-01-01', bytes: 1_000, circuits: 1 },
      },
    ])
    expect(JSON.stringify(told)).not.toContain(ben.peerId.toString())
    expect((await askUsage(ben, address)).map(({ record }) => record.account)).toEqual(['ben'])
    expect(await askUsage(eve, address)).toEqual([])
  })
})

/** The service on a stock host, which knows whose device is whose and keeps sums. */
async function countingRelay(clock: TestClock) {
  const host = await world.peer({ circuit: false, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const identity = identityFromPem(generateKeyPem())
  const accounts = new Map<string, string>()
  const access: Access = { ...OPEN_ACCESS, accountOf: (peer) => accounts.get(peer) }
  const hop = createHopService({
    identity,
    access,
    limits: DEFAULT_LIMITS,
    counters: createCounters(),
    clock,
    usage: createUsageBook(clock),
    addressesFor: () => [],
  })
  for (const [protocol, answer] of Object.entries(hop.answers)) await host.handle(protocol, answer)
  return {
    address: host.getMultiaddrs()[0]?.toString() ?? '',
    relayPeer: peerOfPublicKey(identity.publicKey),
    accounts,
  }
}

async function askUsage(
  peer: Libp2p,
  relay: string,
): Promise<readonly { readonly relay: string; readonly record: UsageRecord }[]> {
  const stream = await peer.dialProtocol(multiaddr(relay), USAGE_PROTOCOL)
  let held = new Uint8Array(0)
  await new Promise<void>((resolve) => {
    stream.addEventListener('message', ({ data }) => {
      held = new Uint8Array(Buffer.concat([held, data.subarray()]))
    })
    stream.addEventListener('end', () => resolve())
    if (stream.readableEnded) resolve()
  })
  await stream.close()
  const told = []
  for (;;) {
    const read = firstFrame(held, MAX_USAGE_BYTES)
    if (read === undefined) return told
    told.push(await openUsage(read.frame))
    held = new Uint8Array(read.rest)
  }
}
