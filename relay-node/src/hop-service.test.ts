import type { Stream } from '@libp2p/interface'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createCounters } from './counters.ts'
import { systemClock } from './environment.ts'
import { HOP_PROTOCOL, STATUS, STOP_PROTOCOL } from './hop-message.ts'
import { createHopService } from './hop-service.ts'
import { MAX_MESSAGE_BYTES, readMessage, sendMessage } from './hop-stream.ts'
import { generateKeyPem, identityFromPem } from './identity.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { bytesField, concat, numberField, varint } from './protobuf.ts'
import {
  ask,
  connectTo,
  openCircuit,
  openHop,
  RESERVE,
  readAnswer,
  reserveByHand,
  UNASKED_STATUS,
} from './testing/raw-circuit.ts'
import { createWorld, tcpAddressOf } from './testing/running.ts'
import { openStockEnvelope } from './testing/stock-envelope.ts'

const world = createWorld()
afterEach(() => world.stop())

/** A relay and the address it is asked at. */
async function relayWith(limits: Parameters<typeof world.relay>[0] = {}) {
  const relay = await world.relay(limits)
  return { relay, address: tcpAddressOf(relay) }
}

const byHand = () => world.peer({ circuit: false })

describe('RESERVE', () => {
  test('RLY-3 is granted for an hour in seconds, with addresses, a voucher and no limit', async () => {
    const { relay, address } = await relayWith()
    const ada = await byHand()
    const asked = Date.now() / 1000
    const answer = await ask(ada, address, RESERVE)
    expect(answer).toMatchObject({ status: STATUS.OK, limited: false })
    expect(answer.expiresAt).toBeGreaterThan(asked + 3_590)
    expect(answer.expiresAt).toBeLessThan(asked + 3_660)
    expect(answer.addresses).toEqual(relay.addresses)
    const opened = openStockEnvelope(answer.voucher ?? new Uint8Array(0), 'libp2p-relay-rsvp')
    await expect(opened).resolves.toBeDefined()
  })

  test('RLY-4 D2 a device that disconnects gives its place back at once', async () => {
    const { relay, address } = await relayWith({ limits: { maxReservations: 1 } })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    expect((await ask(ada, address, RESERVE)).status).toBe(STATUS.OK)
    expect((await ask(ben, address, RESERVE)).status).toBe(STATUS.RESERVATION_REFUSED)
    await ada.stop()
    await expect.poll(() => relay.status().reservations).toBe(0)
    expect((await ask(ben, address, RESERVE)).status).toBe(STATUS.OK)
  })

  test('RLY-4 an old connection that closes late does not end the new reservation', async () => {
    const { relay, address } = await relayWith()
    const ada = await byHand()
    const old = await openHop(ada, address)
    const [first] = ada.getConnections()
    const second = await ada.dial(ada.getConnections()[0]?.remoteAddr ?? [], { force: true })
    sendMessage(old, RESERVE)
    await readAnswer(old)
    const renewed = await second.newStream('/libp2p/circuit/relay/0.2.0/hop')
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
    expect((await ask(ada, address, RESERVE)).status).toBe(STATUS.OK)
    expect((await ask(ben, address, RESERVE)).status).toBe(STATUS.RESERVATION_REFUSED)
    expect((await ask(ada, address, RESERVE)).status, 'refreshing is no second').toBe(STATUS.OK)
  })

  test('RLY-7 D1 too many requests of one address are refused', async () => {
    const { address } = await relayWith({ limits: { maxRequestsPerSecond: 1 } })
    const ada = await byHand()
    const answers = []
    for (let index = 0; index < 15; index += 1)
      answers.push((await ask(ada, address, RESERVE)).status)
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => STATUS.OK))
    expect(answers).toContain(STATUS.RESOURCE_LIMIT_EXCEEDED)
  })
})

describe('CONNECT', () => {
  test('RLY-4 to a peer without a reservation is refused', async () => {
    const { address } = await relayWith()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    await openHop(ada, address)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(STATUS.NO_RESERVATION)
  })

  test('RLY-7 above the circuits of one peer is refused, and the place comes back', async () => {
    const { relay, address } = await relayWith({ limits: { maxCircuitsPerPeer: 1 } })
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const next = await reserveByHand(ada, address)
    const circuit = await openCircuit(ben, address, { to: ada, next })
    expect((await ask(ben, address, connectTo(ada))).status).toBe(STATUS.RESOURCE_LIMIT_EXCEEDED)
    circuit.initiator.abort(new Error('enough'))
    await expect.poll(() => relay.status().circuits).toBe(0)
    await openCircuit(ben, address, { to: ada, next })
  })

  test.each([
    ['says no', (stream: Stream) => answerStop(stream, STATUS.PERMISSION_DENIED)],
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
    expect((await ask(ben, address, connectTo(ada))).status).toBe(STATUS.CONNECTION_FAILED)
    expect(relay.status().circuits).toBe(0)
  })

  test('RLY-5 tells the target who calls, and no limit', async () => {
    const { address } = await relayWith()
    const [ada, ben] = await Promise.all([byHand(), byHand()])
    const asked = Promise.withResolvers<Uint8Array>()
    await ada.handle(STOP_PROTOCOL, async (stream) => {
      asked.resolve((await readMessage(stream, AbortSignal.timeout(5_000))).message)
      answerStop(stream, STATUS.OK)
    })
    await ask(ada, address, RESERVE)
    await ask(ben, address, connectTo(ada))
    const peer = bytesField(2, bytesField(1, ben.peerId.toMultihash().bytes))
    expect(new Uint8Array(await asked.promise)).toEqual(concat([numberField(1, 0), peer]))
  })
})

describe('RLY-2 what no client says', () => {
  test('RLY-2 a status is unexpected', async () => {
    const { address } = await relayWith()
    const ada = await byHand()
    expect((await ask(ada, address, UNASKED_STATUS)).status).toBe(STATUS.UNEXPECTED_MESSAGE)
  })

  test.each([
    ['no message', Uint8Array.of(1, 0xff)],
    ['a message that is too long', varint(MAX_MESSAGE_BYTES + 1)],
    ['a length of 2^53', varint(2n ** 53n)],
    ['a length without end', new Uint8Array(64).fill(0xff)],
  ])('RLY-2 C1 C3 %s is malformed', async (_name, bytes) => {
    const { address } = await relayWith()
    const stream = await openHop(await byHand(), address)
    void stream.send(bytes)
    expect((await readAnswer(stream)).status).toBe(STATUS.MALFORMED_MESSAGE)
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
    expect((await ask(ben, address, connectTo(ada))).status).toBe(STATUS.CONNECTION_FAILED)
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
    expect((await ask(ben, address, RESERVE)).status).toBe(STATUS.OK)
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
    expect((await ask(ben, address, RESERVE)).status).toBe(STATUS.RESERVATION_REFUSED)
    expect((await ask(ben, address, connectTo(ada))).status).toBe(STATUS.RESOURCE_LIMIT_EXCEEDED)
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
  sendMessage(stream, concat([numberField(1, 1), numberField(4, status)]))
}
