import {
  CIRCUIT_STATUS,
  HOP_PROTOCOL,
  peerOfPublicKey,
  STOP_PROTOCOL,
  stopMessageCodec,
} from '@kithmesh/net'
import type { Stream } from '@libp2p/interface'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createCounters } from '../counters.ts'
import { systemClock } from '../environment.ts'
import { generateKeyPem, identityFromPem } from '../home/identity.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import {
  ask,
  connectTo,
  openCircuit,
  openHop,
  RESERVE,
  readAnswer,
  reserveByHand,
  UNASKED_STATUS,
} from '../testing/raw-circuit.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'
import { openStockEnvelope } from '../testing/stock-envelope.ts'
import { createHopService } from './hop-service.ts'
import { readMessage, sendMessage } from './hop-stream.ts'

const world = createWorld()
afterEach(() => world.stop())

/** A relay and the address it is asked at. */
async function relayWith(limits: Parameters<typeof world.relay>[0] = {}) {
  const relay = await world.relay(limits)
  return { relay, address: tcpAddressOf(relay) }
}

const byHand = () => world.peer({ circuit: false })

describe('RESERVE', () => {
  test('RLY-3 A3 is granted for an hour in seconds, with addresses, a voucher and no limit', async () => {
    const { relay, address } = await relayWith()
    const ada = await byHand()
    const asked = Date.now() / 1000
    const answer = await ask(ada, address, RESERVE)
    expect(answer).toMatchObject({ status: CIRCUIT_STATUS.ok, limited: false })
    expect(answer.expiresAt).toBeGreaterThan(asked + 3_590)
    expect(answer.expiresAt).toBeLessThan(asked + 3_660)
    expect(answer.addresses).toEqual(relay.addresses)
    const voucher = answer.voucher ?? new Uint8Array(0)
    const { publicKey } = await openStockEnvelope(voucher, 'libp2p-relay-rsvp')
    expect(peerOfPublicKey(publicKey)).toBe(relay.peer)
    // A3: worth nothing as another kind of record
    await expect(openStockEnvelope(voucher, 'libp2p-peer-record')).rejects.toThrow()
  })

  test('RLY-4 D2 a device that disconnects gives its place back at once', async () => {
    const { relay, address } = await relayWith({ limits: { maxReservations: 1 } })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    expect((await ask(ada, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
    expect((await ask(ben, address, RESERVE)).status).toBe(CIRCUIT_STATUS.reservationRefused)
    await ada.stop()
    await expect.poll(() => relay.status().reservations).toBe(0)
    expect((await ask(ben, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
  })

  test('RLY-4 an old connection that closes late does not end the new reservation', async () => {
    const { relay, address } = await relayWith()
    const ada = await byHand()
    const old = await openHop(ada, address)
    const [first] = ada.getConnections()
    const second = await ada.dial(ada.getConnections()[0]?.remoteAddr ?? [], { force: true })
    sendMessage(old, RESERVE)
    await readAnswer(old)
    const renewed = await second.newStream(HOP_PROTOCOL)
    sendMessage(renewed, RESERVE)
    await readAnswer(renewed)
    await first?.close()
    await expect.poll(() => relay.status().connections).toBe(1)
    expect(relay.status().reservations).toBe(1)
    await second.close()
    await expect.poll(() => relay.status().reservations).toBe(0)
  })

  test('RLY-7 D2 one address cannot take all places', async () => {
    const { address } = await relayWith({ limits: { maxReservationsPerAddress: 1 } })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    expect((await ask(ada, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
    expect((await ask(ben, address, RESERVE)).status).toBe(CIRCUIT_STATUS.reservationRefused)
    expect((await ask(ada, address, RESERVE)).status, 'refreshing is no second').toBe(
      CIRCUIT_STATUS.ok,
    )
  })

  test('RLY-7 D1 too many requests of one address are refused', async () => {
    const { address } = await relayWith({ limits: { maxRequestsPerSecond: 1 } })
    const ada = await byHand()
    const answers = []
    for (let index = 0; index < 15; index += 1)
      answers.push((await ask(ada, address, RESERVE)).status)
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => CIRCUIT_STATUS.ok))
    expect(answers).toContain(CIRCUIT_STATUS.resourceLimitExceeded)
  })
})

describe('CONNECT', () => {
  test('RLY-4 to a peer without a reservation is refused', async () => {
    const { address } = await relayWith()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    await openHop(ada, address)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(CIRCUIT_STATUS.noReservation)
  })

  test('RLY-7 above the circuits of one peer is refused, and the place comes back', async () => {
    const { relay, address } = await relayWith({ limits: { maxCircuitsPerPeer: 1 } })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const next = await reserveByHand(ada, address)
    const circuit = await openCircuit(ben, address, { to: ada, next })
    expect((await ask(ben, address, connectTo(ada))).status).toBe(
      CIRCUIT_STATUS.resourceLimitExceeded,
    )
    circuit.initiator.abort(new Error('enough'))
    await expect.poll(() => relay.status().circuits).toBe(0)
    await openCircuit(ben, address, { to: ada, next })
  })

  test.each([
    ['says no', (stream: Stream) => answerStop(stream, CIRCUIT_STATUS.permissionDenied)],
    ['answers garbage', (stream: Stream) => sendMessage(stream, Uint8Array.of(0xff))],
    ['hangs up', (stream: Stream) => stream.abort(new Error('no'))],
  ])('RLY-4 a target that %s is a failed connection', async (_name, respond) => {
    const { relay, address } = await relayWith()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    await ada.handle(STOP_PROTOCOL, async (stream) => {
      await readMessage(stream, AbortSignal.timeout(5_000))
      respond(stream)
    })
    await ask(ada, address, RESERVE)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(CIRCUIT_STATUS.connectionFailed)
    expect(relay.status().circuits).toBe(0)
  })

  test('RLY-5 tells the target who calls, and no limit', async () => {
    const { address } = await relayWith()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const asked = Promise.withResolvers<Uint8Array>()
    await ada.handle(STOP_PROTOCOL, async (stream) => {
      asked.resolve((await readMessage(stream, AbortSignal.timeout(5_000))).frame)
      answerStop(stream, CIRCUIT_STATUS.ok)
    })
    await ask(ada, address, RESERVE)
    await ask(ben, address, connectTo(ada))
    const peer = ben.peerId.toMultihash().bytes
    const expected = stopMessageCodec.encode({ kind: 'connect', peer })
    expect(new Uint8Array(await asked.promise)).toEqual(expected)
  })
})

describe('RLY-2 what no client says', () => {
  test('RLY-2 a status is unexpected', async () => {
    const { address } = await relayWith()
    const ada = await byHand()
    expect((await ask(ada, address, UNASKED_STATUS)).status).toBe(CIRCUIT_STATUS.unexpectedMessage)
  })

  test.each([
    ['no message', Uint8Array.of(1, 0xff)],
    ['a message of 4097 bytes', Uint8Array.of(0x81, 0x20)],
    ['a length of 2^53', Uint8Array.of(...Array.from({ length: 7 }, () => 0x80), 0x10)],
    ['a length without end', new Uint8Array(64).fill(0xff)],
  ])('RLY-2 C1 C3 %s is malformed', async (_name, bytes) => {
    const { address } = await relayWith()
    const stream = await openHop(await byHand(), address)
    void stream.send(bytes)
    expect((await readAnswer(stream)).status).toBe(CIRCUIT_STATUS.malformedMessage)
  })

  test('RLY-2 D1 whoever says nothing is not waited for', async () => {
    const address = await impatientHost()
    const ada = await byHand()
    const silent = await openHop(ada, address)
    const dripping = await openHop(ada, address)
    void dripping.send(Uint8Array.of(80, 8))
    await expect.poll(() => [silent.status, dripping.status]).toEqual(['reset', 'reset'])
  })

  test('RLY-2 D1 nor is a target that says nothing, and the initiator is told', async () => {
    const address = await impatientHost()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    await ada.handle(STOP_PROTOCOL, () => {})
    await ask(ada, address, RESERVE)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(CIRCUIT_STATUS.connectionFailed)
  })

  test('RLY-2 D1 garbage in any pieces harms nobody else', async () => {
    const { relay, address } = await relayWith({ limits: { maxRequestsPerSecond: 1_000 } })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { minLength: 1, maxLength: 12 }),
        async (pieces) => {
          const stream = await openHop(ada, address)
          for (const piece of pieces) if (stream.writeStatus === 'writable') stream.send(piece)
          stream.abort(new Error('and gone'))
        },
      ),
      { numRuns: 60 },
    )
    expect((await ask(ben, address, RESERVE)).status).toBe(CIRCUIT_STATUS.ok)
    await ada.stop()
    await expect.poll(() => relay.status().connections).toBe(1)
    expect(relay.status()).toMatchObject({ reservations: 1, circuits: 0, bufferedBytes: 0 })
  })

  test('RLY-12 a stopping relay refuses what is new', async () => {
    const { relay, address } = await relayWith({ drain: 20_000 })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const next = await reserveByHand(ada, address)
    const circuit = await openCircuit(ben, address, { to: ada, next })
    const stopped = relay.stop()
    expect(relay.status().ready).toBe(false)
    expect((await ask(ben, address, RESERVE)).status).toBe(CIRCUIT_STATUS.reservationRefused)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(
      CIRCUIT_STATUS.resourceLimitExceeded,
    )
    circuit.initiator.abort(new Error('done'))
    await stopped
    await vi.waitFor(() => expect(ben.getConnections()).toEqual([]))
  })
})

/** The service on a stock host, with half a second for everything; gives its address. */
async function impatientHost(): Promise<string> {
  const host = await world.peer({ circuit: false, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const hop = createHopService({
    identity: identityFromPem(generateKeyPem()),
    limits: DEFAULT_LIMITS,
    counters: createCounters(),
    clock: systemClock,
    addressesFor: () => [],
    timeout: 500,
  })
  await host.handle(HOP_PROTOCOL, (stream, connection) => hop.answer(stream, connection))
  return host.getMultiaddrs()[0]?.toString() ?? ''
}

function answerStop(stream: Stream, status: number): void {
  sendMessage(stream, stopMessageCodec.encode({ kind: 'status', status }))
}
