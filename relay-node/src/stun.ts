import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { type Clock, ip6Groups } from '@kithmesh/net'
import { sourceOfIp } from './guard/source-address.ts'
import { createQuota } from './rate.ts'

/**
 * Answers STUN binding requests (RFC 8489), so that browsers and devices learn their public
 * address from a relay they know instead of from somebody's public server. Nothing else of STUN.
 */
export interface StunResponder {
  /** UDP port it listens on. */
  readonly port: number
  close(): Promise<void>
}

/** What a {@link StunResponder} is made from. */
export interface StunOptions {
  /** 0 for any. */
  readonly port: number
  readonly clock: Clock
  onAnswer?(): void
}

/** RFC 8489 §5: the header, its magic cookie, and the types of a binding request and its success. */
const HEADER_BYTES = 20
const MAGIC_COOKIE = 0x2112a442
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const XOR_MAPPED_ADDRESS = 0x0020
const FAMILY = { ip4: 1, ip6: 2 } as const

/** The largest request worth reading: browsers send 20 to about 100 bytes. */
const MAX_REQUEST_BYTES = 548

/**
 * An answer is 12 bytes longer than the shortest request (24 over IPv6), and a forged sender gets
 * at most this many: too little to attack anybody with (rule RLY-13).
 */
const QUOTA = { perSecond: 10, burst: 50, maxSources: 10_000 }

/** Listens on all addresses, IPv6 too where there is any. @throws the system's error */
export async function startStun({ port, clock, onAnswer }: StunOptions): Promise<StunResponder> {
  const withinQuota = createQuota(QUOTA, clock)
  const onMessage = (socket: Socket, message: Uint8Array, from: RemoteInfo): void => {
    if (!withinQuota(sourceOfIp(from.address))) return
    const response = answerBinding(message, from)
    if (response === undefined) return
    onAnswer?.()
    socket.send(response, from.port, from.address, () => {})
  }
  const ip4 = await bind('udp4', port, onMessage)
  const bound = ip4.address().port
  // A machine without IPv6 has nobody to answer there.
  const ip6 = await bind('udp6', bound, onMessage).catch(() => undefined)
  return {
    port: bound,
    close: async () => {
      await Promise.all([closeSocket(ip4), ...(ip6 === undefined ? [] : [closeSocket(ip6)])])
    },
  }
}

/** The response to one datagram; undefined when it is no plain binding request. */
export function answerBinding(
  message: Uint8Array,
  from: { readonly address: string; readonly port: number },
): Uint8Array | undefined {
  if (!isBindingRequest(message)) return undefined
  const address = addressBytes(from.address)
  const response = new Uint8Array(HEADER_BYTES + 8 + address.length)
  const view = new DataView(response.buffer)
  view.setUint16(0, BINDING_SUCCESS)
  view.setUint16(2, 8 + address.length)
  response.set(message.subarray(4, HEADER_BYTES), 4) // cookie and transaction id
  view.setUint16(20, XOR_MAPPED_ADDRESS)
  view.setUint16(22, 4 + address.length)
  view.setUint8(25, address.length === 4 ? FAMILY.ip4 : FAMILY.ip6)
  view.setUint16(26, from.port ^ (MAGIC_COOKIE >>> 16))
  // RFC 8489 §14.2: XOR with the cookie, and over IPv6 with the transaction id behind it.
  for (const [index, byte] of address.entries()) {
    response[28 + index] = byte ^ (message[4 + index] ?? 0)
  }
  return response
}

function isBindingRequest(message: Uint8Array): boolean {
  if (message.length < HEADER_BYTES || message.length > MAX_REQUEST_BYTES) return false
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  return (
    view.getUint16(0) === BINDING_REQUEST &&
    view.getUint32(4) === MAGIC_COOKIE &&
    view.getUint16(2) === message.length - HEADER_BYTES &&
    hasWholeAttributes(message, view)
  )
}

/** RFC 8489 §14: type, length, value padded to four bytes, up to the end. */
function hasWholeAttributes(message: Uint8Array, view: DataView): boolean {
  let offset = HEADER_BYTES
  while (offset + 4 <= message.length) {
    offset += 4 + Math.ceil(view.getUint16(offset + 2) / 4) * 4
  }
  return offset === message.length
}

function addressBytes(ip: string): Uint8Array {
  if (!ip.includes(':')) return Uint8Array.from(ip.split('.').map(Number))
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [index, group] of ip6Groups(ip).entries()) view.setUint16(2 * index, group)
  return bytes
}

async function bind(
  type: 'udp4' | 'udp6',
  port: number,
  onMessage: (socket: Socket, message: Uint8Array, from: RemoteInfo) => void,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = createSocket({ type, ipv6Only: type === 'udp6' })
  socket.on('message', (message, from) => onMessage(socket, message, from))
  socket.once('error', reject)
  socket.bind(port, resolve)
  await promise
  socket.off('error', reject)
  // A later error concerns one datagram that could not be sent: the next may.
  socket.on('error', () => {})
  return socket
}

function closeSocket(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.close(() => resolve())
  return promise
}
