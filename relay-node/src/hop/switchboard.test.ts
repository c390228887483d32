import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { CIRCUIT_STATUS, HOP_PROTOCOL, SPLICE_PROTOCOL } from '@kithmesh/net'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { createCounters } from '../counters.ts'
import { generateKeyPem, identityFromPem } from '../home/identity.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { type Access, OPEN_ACCESS } from '../ownership/access.ts'
import { createTestClock, type TestClock } from '../testing/clock.ts'
import { ask, connectTo, openCircuit, RESERVE, reserveByHand } from '../testing/raw-circuit.ts'
import { askSplice, awaitInvitations } from '../testing/raw-splice.ts'
import { createWorld } from '../testing/running.ts'
import { createHopService, type HopService, type HopServiceOptions } from './hop-service.ts'

const world = createWorld()
afterEach(() => world.stop())

const MINUTE = 60_000
const byHand = () => world.peer({ circuit: false })

/** The service on a stock host, by a clock that stands. */
async function service(options: Partial<HopServiceOptions> = {}): Promise<{
  readonly hop: HopService
  readonly address: string
  readonly clock: TestClock
  readonly counters: ReturnType<typeof createCounters>
}> {
  const host = await world.peer({ circuit: false, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const clock = createTestClock()
  const counters = createCounters()
  const hop = createHopService({
    identity: identityFromPem(generateKeyPem()),
    limits: DEFAULT_LIMITS,
    counters,
    clock,
    addressesFor: () => [],
    ...options,
  })
  for (const [protocol, answer] of Object.entries(hop.answers)) await host.handle(protocol, answer)
  return { hop, clock, counters, address: host.getMultiaddrs()[0]?.toString() ?? '' }
}

describe('RLY-4 weeks', () => {
  test('RLY-4 a device that refreshes stays reachable for weeks over one connection, in seconds that are right', async () => {
    const { hop, address, clock } = await service()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const next = await reserveByHand(ada, address)
    const weeks = 3 * 7 * 24 * 60
    for (let minutes = 0; minutes < weeks; minutes += 55) {
      clock.advance(55 * MINUTE)
      const answer = await ask(ada, address, RESERVE)
      expect(answer.status).toBe(CIRCUIT_STATUS.ok)
      expect(answer.expiresAt).toBe(Math.floor((clock.now() + 60 * MINUTE) / 1_000))
      await answer.stream.close()
    }
    expect(hop.reservations()).toBe(1)
    await openCircuit(ben, address, { to: ada, next })
    clock.advance(60 * MINUTE)
    expect(hop.reservations(), 'and an hour after the last one it is not').toBe(0)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(CIRCUIT_STATUS.noReservation)
  })
})

describe('RLY-40 who may', () => {
  test('RLY-40 D2 a stranger gets no place, and hears why', async () => {
    const { address, counters } = await service({
      access: { ...OPEN_ACCESS, mayReserve: () => false },
    })
    expect((await ask(await byHand(), address, RESERVE)).status).toBe(
      CIRCUIT_STATUS.permissionDenied,
    )
    expect(counters.refusals.not_allowed).toBe(1)
  })

  test('RLY-40 RLY-54 D2 whom it may not reach, it reaches neither by circuit nor by splice', async () => {
    const asked: string[][] = []
    const access: Access = {
      ...OPEN_ACCESS,
      mayConnect: (...pair) => {
        asked.push(pair)
        return false
      },
    }
    const { address } = await service({ access })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    await reserveByHand(ada, address)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(CIRCUIT_STATUS.permissionDenied)
    expect((await askSplice(ben, address, ada)).status).toBe(CIRCUIT_STATUS.permissionDenied)
    const pair = [ben, ada].map(({ peerId }) => peerId.toString())
    expect(asked).toEqual([pair, pair])
  })

  test('RLY-41 D3 strangers at its address cannot spend the requests of a device of the owner', async () => {
    const own = new Set<string>()
    const { address } = await service({
      limits: { ...DEFAULT_LIMITS, maxRequestsPerSecond: 1 },
      access: { ...OPEN_ACCESS, isProtected: (peer) => own.has(peer) },
    })
    const [ada, eve] = await Promise.all([byHand(), byHand()])
    own.add(ada.peerId.toString())
    const eves = []
    for (let n = 0; n < 12; n += 1) eves.push((await ask(eve, address, RESERVE)).status)
    expect(eves.at(-1)).toBe(CIRCUIT_STATUS.resourceLimitExceeded)
    expect((await ask(ada, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
  })

  test('RLY-42 limits are those of the moment', async () => {
    const limits = { ...DEFAULT_LIMITS }
    const { address } = await service({ limits })
    const [ada, ben, cid] = await Promise.all([byHand(), byHand(), byHand()])
    expect((await ask(ada, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
    Object.assign(limits, { maxReservations: 1 })
    expect((await ask(ben, address, RESERVE)).status).toBe(CIRCUIT_STATUS.reservationRefused)
    Object.assign(limits, { maxReservations: 2 })
    expect((await ask(cid, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
  })

  test('RLY-43 a month that is spent opens nothing, and what is open can be ended', async () => {
    let isSpent = false
    const { hop, address } = await service({ isSpent: () => isSpent })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const next = await reserveByHand(ada, address)
    const { initiator, target } = await openCircuit(ben, address, { to: ada, next })
    isSpent = true
    expect((await ask(ben, address, connectTo(ada))).status).toBe(
      CIRCUIT_STATUS.resourceLimitExceeded,
    )
    expect((await askSplice(ben, address, ada)).status).toBe(CIRCUIT_STATUS.resourceLimitExceeded)
    hop.endCircuits(new Error('the month is spent'))
    await expect.poll(() => [initiator.status, target.status]).toEqual(['reset', 'reset'])
    isSpent = false
    await openCircuit(ben, address, { to: ada, next })
  })

  test('RLY-40 who may not any more loses its splices too, and nobody else does', async () => {
    const { hop, address } = await service()
    const [ada, ben, cid] = await Promise.all([byHand(), byHand(), byHand()])
    const next = await awaitInvitations(ada, address)
    /** The end of the one who dials; both are handed to the relay as its listener would. */
    const spliced = async (from: Libp2p): Promise<Socket> => {
      const [{ ticket }, { invite }] = await Promise.all([askSplice(from, address, ada), next()])
      const [near, far] = await Promise.all([acceptedSocket(), acceptedSocket()])
      hop.present(ticket, near.server)
      hop.present(invite.ticket, far.server)
      return near.client
    }
    const [bens, cids] = [await spliced(ben), await spliced(cid)]
    expect(hop.splices()).toBe(2)
    hop.cutOff(new Set([ben.peerId.toString()]))
    await expect.poll(() => hop.splices()).toBe(1)
    await expect.poll(() => [bens.destroyed, cids.destroyed]).toEqual([true, false])
  })

  test('RLY-11 a connection is used by a reservation, a circuit or a request, and by nothing else', async () => {
    const { hop, address } = await service()
    expect(Object.keys(hop.answers)).toEqual([HOP_PROTOCOL, SPLICE_PROTOCOL])
    const host = await byHand()
    const connection = await host.dial(multiaddr(address))
    expect(hop.isUsed(connection)).toBe(false)
    const stream = await connection.newStream(SPLICE_PROTOCOL)
    expect(hop.isUsed(connection)).toBe(true)
    stream.abort(new Error('no more'))
    expect(hop.isUsed(connection)).toBe(false)
  })
})

/** Both ends of a TCP connection, as a listener accepts one. */
async function acceptedSocket(): Promise<{ readonly server: Socket; readonly client: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void listener.close())
  await once(listener, 'listening')
  const at = listener.address()
  const client = connect({ host: '127.0.0.1', port: typeof at === 'object' ? (at?.port ?? 0) : 0 })
  client.on('error', () => {}).resume()
  onTestFinished(() => void client.destroy())
  const [server]: Socket[] = await once(listener, 'connection')
  if (server === undefined) throw new Error('nobody was accepted')
  return { server, client }
}
