import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { answerBinding, type StunResponder, startStun } from './stun.ts'
import { createTestClock } from './testing/clock.ts'

const TRANSACTION = '0102030405060708090a0b0c'
const REQUEST = hex(`000100002112a442${TRANSACTION}`)

describe('RLY-13 the STUN response', () => {
  test('RLY-13 tells an IPv4 sender its address, as RFC 5769 §2.2 has it', () => {
    // Transaction and mapped address of the published vector; it has two attributes more.
    const request = hex('000100002112a442b7e7a701bc34d686fa87dfae')
    const response = answerBinding(request, { address: '192.0.2.1', port: 32_853 })
    expect(toHex(response)).toBe(
      '0101000c2112a442b7e7a701bc34d686fa87dfae' + '002000080001a147e112a643',
    )
  })

  test('RLY-13 tells an IPv6 sender its address, as RFC 5769 §2.3 has it', () => {
    const request = hex('000100002112a442b7e7a701bc34d686fa87dfae')
    const address = '2001:db8:1234:5678:11:2233:4455:6677'
    const response = answerBinding(request, { address, port: 32_853 })
    expect(toHex(response)).toBe(
      '010100182112a442b7e7a701bc34d686fa87dfae' +
        '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9',
    )
  })

  test.each([
    ['cut short', REQUEST.subarray(0, 19)],
    ['a wrong cookie', hex(`000100002112a443${TRANSACTION}`)],
    ['a response', hex(`010100002112a442${TRANSACTION}`)],
    ['an allocate request', hex(`000300002112a442${TRANSACTION}`)],
    ['a length that lies', hex(`000100082112a442${TRANSACTION}`)],
    ['bytes behind its length', hex(`000100002112a442${TRANSACTION}00000000`)],
    ['an attribute longer than the message', hex(`000100042112a442${TRANSACTION}80220010`)],
    ['a huge one', new Uint8Array(2_000)],
  ])('RLY-13 %s is not answered', (_name, message) => {
    expect(answerBinding(message, { address: '192.0.2.1', port: 1 })).toBeUndefined()
  })

  test('RLY-13 a request with whole attributes is answered', () => {
    const software = hex(`000100082112a442${TRANSACTION}8022000274650000`)
    expect(answerBinding(software, { address: '192.0.2.1', port: 1 })).toHaveLength(32)
  })

  test('RLY-13 no bytes do more than stay unanswered', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const message = Uint8Array.from([...REQUEST.subarray(0, 2), ...bytes])
        const response = answerBinding(message, { address: '::1', port: 65_535 })
        expect([undefined, 44]).toContain(response?.length)
      }),
    )
  })
})

describe('RLY-13 the responder', () => {
  let open: (StunResponder | Socket)[] = []
  afterEach(async () => {
    for (const one of open) await one.close()
    open = []
  })

  test('RLY-13 answers over UDP, IPv6 too where there is any', async () => {
    const responder = await startStun({ port: 0, clock: createTestClock() })
    open.push(responder)
    expect(await ask('udp4', '127.0.0.1', responder.port)).toHaveLength(32)
    expect(await ask('udp6', '::1', responder.port)).toHaveLength(44)
  })

  test('RLY-13 D1 one address gets so many answers and no more: it is no amplifier', async () => {
    let answers = 0
    const responder = await startStun({
      port: 0,
      clock: createTestClock(), // stands still, so nothing is earned back
      onAnswer: () => {
        answers += 1
      },
    })
    open.push(responder)
    const socket = createSocket('udp4')
    open.push(socket)
    for (let sent = 0; sent < 200; sent += 1) socket.send(REQUEST, responder.port, '127.0.0.1')
    await expect.poll(() => answers).toBe(50)
    expect(await ask('udp6', '::1', responder.port), 'others are answered').toHaveLength(44)
    expect(answers).toBe(51)
  })

  async function ask(type: 'udp4' | 'udp6', host: string, port: number): Promise<Uint8Array> {
    const socket = createSocket(type)
    open.push(socket)
    socket.send(REQUEST, port, host)
    const [message] = await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })
    return message
  }
})

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function toHex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex')
}
