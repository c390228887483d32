import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { CIRCUIT_STATUS, SPLICE_PROTOCOL, spliceStatus, TICKET_BYTES } from '@kithmesh/net'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { sendMessage } from '../hop/hop-stream.ts'
import type { Relay, RelayOptions } from '../relay-options.ts'
import { openHop } from '../testing/raw-circuit.ts'
import {
  askSplice,
  awaitInvitations,
  firstByte,
  openRawSplice,
  openSplice,
  preface,
  readSpliceAnswer,
  socketSaying,
} from '../testing/raw-splice.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'

const world = createWorld()
afterEach(() => world.stop())

const MIB = 1024 * 1024
const byHand = () => world.peer({ circuit: false })

async function splicing(options: Partial<RelayOptions> = {}) {
  const relay = await world.relay(options)
  const address = tcpAddressOf(relay)
  const [ada, ben] = await Promise.all([byHand(), byHand()])
  const next = await awaitInvitations(ada, address)
  return {
    relay,
    address,
    ada,
    ben,
    next,
    open: () => openRawSplice(ben, address, { to: ada, next }),
  }
}

describe('RLY-50 two sockets become one', () => {
  test('RLY-50 RLY-53 every byte crosses both ways at once, and is accounted for', async () => {
    const { relay, open } = await splicing()
    const { initiator, target } = await open()
    expect(relay.status()).toMatchObject({ circuits: 1, splices: 1 })
    const there = sendAll(initiator, 20 * MIB)
    const back = sendAll(target, 20 * MIB)
    expect(await receiveAll(target)).toEqual(await there)
    expect(await receiveAll(initiator)).toEqual(await back)
    await expect.poll(() => relay.status().splices).toBe(0)
    expect(relay.status()).toMatchObject({ circuits: 0, bytes: 40 * MIB, bufferedBytes: 0 })
  })

  test('RLY-50 both are told who, and where; both tickets are of their own', async () => {
    const { address, ada, ben, next } = await splicing()
    const [answer, { invite }] = await Promise.all([askSplice(ben, address, ada), next()])
    expect(answer.addresses).toContain(address)
    expect(invite.peer).toEqual(ben.peerId.toMultihash().bytes)
    expect([answer.ticket.byteLength, invite.ticket.byteLength]).toEqual([
      TICKET_BYTES,
      TICKET_BYTES,
    ])
    expect(Buffer.from(answer.ticket).equals(invite.ticket)).toBe(false)
  })

  test('RLY-51 the port stays one of libp2p, whatever else begins there', async () => {
    const { address, open } = await splicing()
    const { initiator } = await open()
    const stranger = await socketSaying(address, Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await openHop(await byHand(), address)
    expect(initiator.destroyed).toBe(false)
    stranger.destroy()
  })

  test('RLY-10 one side may end while the other goes on', async () => {
    const { relay, open } = await splicing()
    const { initiator, target } = await open()
    const there = sendAll(initiator, MIB)
    expect(await receiveAll(target)).toEqual(await there)
    const back = sendAll(target, MIB)
    expect(await receiveAll(initiator)).toEqual(await back)
    await expect.poll(() => relay.status().splices).toBe(0)
  })

  test('RLY-10 a socket that breaks takes the other with it', async () => {
    const { relay, open } = await splicing()
    const { initiator, target } = await open()
    target.resume()
    initiator.resetAndDestroy()
    await closed(target)
    await expect.poll(() => relay.status().circuits).toBe(0)
  })
})

describe('RLY-53 as fast as the slower side and no faster', () => {
  test('RLY-53 D1 a stopped reader stops its sender, and the relay holds next to nothing', async () => {
    const { relay, open } = await splicing()
    const { initiator, target } = await open()
    const sending = sendAll(initiator, 64 * MIB)
    await expect.poll(() => standsStill(relay)).toBe(true)
    expect(relay.status().bytes, 'it was stopped on the way').toBeLessThan(32 * MIB)
    expect(relay.status().bufferedBytes).toBeLessThan(MIB)
    expect(await receiveAll(target)).toEqual(await sending)
    expect(relay.status().bufferedBytes).toBe(0)
  })

  test('RLY-9 D1 a reader that never reads loses its splice', async () => {
    const { relay, open } = await splicing({ stallTimeout: 100 })
    const { initiator } = await open()
    sendAll(initiator, 64 * MIB).catch(() => {})
    initiator.resume()
    await closed(initiator)
    await expect.poll(() => relay.status().circuits).toBe(0)
  })

  test('RLY-9 D1 nor does it keep it by talking on', async () => {
    const { relay, open } = await splicing({ stallTimeout: 100 })
    const { initiator, target } = await open()
    const talking = setInterval(() => target.destroyed || target.write('.'), 10)
    onTestFinished(() => clearInterval(talking))
    sendAll(initiator, 64 * MIB).catch(() => {})
    initiator.resume()
    await closed(initiator)
    await expect.poll(() => relay.status().circuits).toBe(0)
  })

  test('RLY-55 a splice over which nothing comes is closed', async () => {
    const { relay, open } = await splicing({ stallTimeout: 50 })
    const { initiator, target } = await open()
    initiator.resume()
    target.resume()
    await Promise.all([initiator, target].map(closed))
    await expect.poll(() => relay.status().circuits).toBe(0)
  })

  test('RLY-8 the rate is one over all circuits and splices', async () => {
    const { open } = await splicing({ limits: { maxRate: 2 * MIB } })
    const { initiator, target } = await open()
    const started = performance.now()
    const sending = sendAll(initiator, 4 * MIB)
    expect(await receiveAll(target)).toEqual(await sending)
    expect(performance.now() - started).toBeGreaterThan(1_000)
  })
})

describe('RLY-52 tickets', () => {
  test('RLY-52 D2 a made-up ticket, and what is no ticket, is closed at once and costs nothing', async () => {
    const { relay, address } = await splicing()
    const before = relay.status()
    const sockets = await Promise.all([
      socketSaying(address, preface(randomBytes(TICKET_BYTES))),
      socketSaying(address, Buffer.alloc(46, 'K')),
    ])
    expect(await Promise.all(sockets.map(firstByte))).toEqual([undefined, undefined])
    expect(relay.status()).toMatchObject({ circuits: 0, splices: 0, bytes: before.bytes })
  })

  test('RLY-52 D2 a ticket is good once', async () => {
    const { relay, address, ada, ben, next } = await splicing()
    const [answer, { invite }] = await Promise.all([askSplice(ben, address, ada), next()])
    const initiator = await socketSaying(address, preface(answer.ticket))
    const again = await socketSaying(address, preface(answer.ticket))
    expect(await firstByte(again)).toBeUndefined()
    const target = await socketSaying(address, preface(invite.ticket))
    expect(await Promise.all([initiator, target].map(firstByte))).toEqual([1, 1])
    const third = await socketSaying(address, preface(invite.ticket))
    expect(await firstByte(third)).toBeUndefined()
    expect(relay.status().splices).toBe(1)
  })

  test('RLY-52 one device cannot be both ends', async () => {
    const { address, ada, ben, next } = await splicing()
    const [answer] = await Promise.all([askSplice(ben, address, ada), next()])
    const first = await socketSaying(address, preface(answer.ticket))
    const second = await socketSaying(address, preface(answer.ticket))
    expect(await firstByte(second)).toBeUndefined()
    expect(first.readableLength, 'and the first still waits').toBe(0)
    expect(first.destroyed).toBe(false)
  })

  test('RLY-52 D2 who comes too late finds nothing, and the place is free', async () => {
    const { relay, address, ada, ben, next } = await splicing({ requestTimeout: 300 })
    const [answer, { invite }] = await Promise.all([askSplice(ben, address, ada), next()])
    const early = await socketSaying(address, preface(answer.ticket))
    expect(await firstByte(early), 'nobody came to it').toBeUndefined()
    await expect.poll(() => relay.status().circuits).toBe(0)
    const late = await socketSaying(address, preface(invite.ticket))
    expect(await firstByte(late)).toBeUndefined()
    await expect.poll(() => answer.stream.status).toBe('reset')
  })

  test('RLY-52 a device that resets its stream is not waited for', async () => {
    const { relay, address, ada, ben, next } = await splicing()
    const [answer, { stream }] = await Promise.all([askSplice(ben, address, ada), next()])
    const early = await socketSaying(address, preface(answer.ticket))
    stream.abort(new Error('no road'))
    expect(await firstByte(early)).toBeUndefined()
    await expect.poll(() => answer.stream.status).toBe('reset')
    expect(relay.status().circuits).toBe(0)
  })

  test('RLY-52 D1 half a preface is waited for three seconds and not longer', async () => {
    const { address } = await splicing()
    const began = performance.now()
    const half = await socketSaying(address, Buffer.from('KITH-SPLICE'))
    const silent = await socketSaying(address, new Uint8Array(0))
    expect(await Promise.all([half, silent].map(firstByte))).toEqual([undefined, undefined])
    expect(performance.now() - began).toBeGreaterThan(2_500)
  })
})

describe('RLY-54 the same rules as for circuits', () => {
  test('RLY-54 to a peer without a reservation', async () => {
    const { address, ben } = await splicing()
    const { status } = await askSplice(ben, address, await byHand())
    expect(status).toBe(CIRCUIT_STATUS.noReservation)
  })

  test('RLY-54 RLY-7 circuits and splices are counted together', async () => {
    const { relay, address, ada, ben, open } = await splicing({ limits: { maxCircuitsPerPeer: 1 } })
    const { initiator } = await open()
    expect((await askSplice(ben, address, ada)).status).toBe(CIRCUIT_STATUS.resourceLimitExceeded)
    initiator.resetAndDestroy()
    await expect.poll(() => relay.status().circuits).toBe(0)
    await open()
  })

  test.each([
    [
      'says no',
      (stream: Parameters<typeof sendMessage>[0]) =>
        sendMessage(stream, spliceStatus(CIRCUIT_STATUS.permissionDenied)),
    ],
    [
      'answers garbage',
      (stream: Parameters<typeof sendMessage>[0]) => sendMessage(stream, Uint8Array.of(0xff)),
    ],
    ['hangs up', (stream: Parameters<typeof sendMessage>[0]) => stream.abort(new Error('no'))],
  ])(
    'RLY-50 a target that %s is a failed connection, and no place is lost',
    async (_name, respond) => {
      const relay = await world.relay()
      const address = tcpAddressOf(relay)
      const [ada, ben] = await Promise.all([byHand(), byHand()])
      await awaitInvitations(ada, address, respond)
      expect((await askSplice(ben, address, ada)).status).toBe(CIRCUIT_STATUS.connectionFailed)
      expect(relay.status().circuits).toBe(0)
    },
  )

  test('RLY-50 a target that knows no splices is a failed connection', async () => {
    const { address, ada, ben } = await splicing()
    await ada.unhandle(SPLICE_PROTOCOL)
    expect((await askSplice(ben, address, ada)).status).toBe(CIRCUIT_STATUS.connectionFailed)
  })

  test('RLY-2 C1 what is no request is malformed or unexpected', async () => {
    const { address, ben } = await splicing()
    const garbage = await openSplice(ben, address)
    void garbage.send(Uint8Array.of(1, 0xff))
    expect((await readSpliceAnswer(garbage)).status).toBe(CIRCUIT_STATUS.malformedMessage)
    const status = await openSplice(ben, address)
    sendMessage(status, spliceStatus(CIRCUIT_STATUS.ok))
    expect((await readSpliceAnswer(status)).status).toBe(CIRCUIT_STATUS.unexpectedMessage)
  })

  test('RLY-12 a stopping relay ends its splices and leaves no socket behind', async () => {
    const { relay, open } = await splicing()
    const { initiator, target } = await open()
    initiator.resume()
    target.resume()
    await Promise.all([closed(initiator), closed(target), relay.stop()])
  })
})

/** Sends pseudo-random bytes as quickly as they are taken, then ends; resolves with their hash. */
async function sendAll(socket: Socket, total: number): Promise<string> {
  const hash = createHash('sha256')
  const block = randomBytes(256 * 1024)
  for (let sent = 0; sent < total; sent += block.length) {
    hash.update(block)
    if (!socket.write(Buffer.from(block))) await once(socket, 'drain')
  }
  socket.end()
  return hash.digest('hex')
}

async function receiveAll(socket: Socket): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) hash.update(chunk)
  return hash.digest('hex')
}

/** Whether by an end or an error: `once` would throw the error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

let before = 0
/** Whether nothing passed since this was last asked. */
function standsStill(relay: Relay): boolean {
  const { bytes } = relay.status()
  const isStill = bytes === before && bytes > 0
  before = bytes
  return isStill
}
