import type { Net } from '@kithmesh/net'
import type { DeviceContext } from '../context.ts'
import { pause } from '../scheduler.ts'

/** Addresses in a code, and the bytes of each: a code with two still fits a terminal's QR (LNK-2). */
const MAX_ADDRESSES = 2
const MAX_BYTES = 160

/**
 * Where a code says this device can be dialled: one address near and one by a relay; two by the relay
 * when nothing is near, as in a page.
 */
export function codeAddresses(net: Net): readonly Uint8Array[] {
  const addresses = net.addresses().map((address) => withoutSelf(address, net.peer))
  const near = addresses.filter(isNear)
  const outside = near.filter((address) => !isLoopback(address))
  const nearest = bestOfEach(net, outside.length > 0 ? outside : near).slice(0, 1)
  const relayed = bestOfEach(net, addresses.filter(isRelayed))
  return [...nearest, ...relayed].slice(0, MAX_ADDRESSES)
}

/**
 * Whoever reads a code may be a page or a program, and knows no other address yet. Pages dial no TCP,
 * programs without the native add-on no webrtc-direct, and pages of https nothing else; it is long.
 */
const TRANSPORTS = ['ws', 'webrtc-direct', 'tcp']

/** The shortest address of each transport, as bytes, the transport that most can dial first. */
function bestOfEach(net: Net, addresses: readonly string[]): readonly Uint8Array[] {
  const byTransport = Map.groupBy(addresses, transportOf)
  return [...TRANSPORTS, undefined].flatMap((transport) =>
    (byTransport.get(transport) ?? [])
      .map((address) => net.addressToBytes(address))
      .filter(({ length }) => length > 0 && length <= MAX_BYTES)
      .sort((a, b) => a.length - b.length)
      .slice(0, 1),
  )
}

function transportOf(address: string): string | undefined {
  const names = address.split('/')
  return TRANSPORTS.find((transport) => names.includes(transport))
}

/** Whether this device can be met without a relay at all; with relays only, nobody is near. */
export function hasNearAddress(net: Net): boolean {
  return net.addresses().some(isNear)
}

/** WebRTC between two peers has a relay carry its signals, so it is neither near nor a way to begin. */
function isNear(address: string): boolean {
  return !address.includes('/p2p-circuit')
}

function isRelayed(address: string): boolean {
  return address.endsWith('/p2p-circuit')
}

function isLoopback(address: string): boolean {
  return address.startsWith('/ip4/127.') || address.startsWith('/ip6/::1/')
}

/** The code names the device once; its addresses need not. */
function withoutSelf(address: string, peer: string): string {
  const suffix = `/p2p/${peer}`
  return address.endsWith(suffix) ? address.slice(0, -suffix.length) : address
}

/** A relay that answers at all has answered by then; a code without it would be of little use from afar. */
const SETTLE_MS = 2_000

/**
 * Waits until every relay is ready or has failed, so that a code shows all the ways there are.
 *
 * @throws ERR_STOPPED (NODE-13)
 */
export async function relaysSettled({
  net,
  scheduler,
  signal,
}: Pick<DeviceContext, 'net' | 'scheduler' | 'signal'>): Promise<void> {
  const isSettled = (): boolean => net.relays().every(({ state }) => state !== 'connecting')
  if (isSettled()) return
  const over = new AbortController()
  const ends = AbortSignal.any([over.signal, signal])
  const onChange = (): void => {
    if (isSettled()) over.abort()
  }
  net.addEventListener('relay:changed', onChange, { signal: ends })
  await pause(scheduler, SETTLE_MS, { signal: ends })
  over.abort()
  signal.throwIfAborted()
}
