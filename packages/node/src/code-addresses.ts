import type { Net } from '@kithmesh/net'
import type { DeviceContext } from './context.ts'
import { pause } from './scheduler.ts'

/** Addresses in a code, and the bytes of each: a code with two still fits a terminal's QR (LNK-2). */
const MAX_ADDRESSES = 2
const MAX_BYTES = 160

/** Where a code says this device can be dialled: one address near, one by a relay, shortest first. */
export function codeAddresses(net: Net): readonly Uint8Array[] {
  const addresses = net.addresses().map((address) => withoutSelf(address, net.peer))
  const encoded = (wanted: (address: string) => boolean): readonly Uint8Array[] =>
    addresses
      .filter(wanted)
      .map((address) => net.addressToBytes(address))
      .filter(({ length }) => length > 0 && length <= MAX_BYTES)
      .sort((a, b) => a.length - b.length)
  const near = encoded((address) => !isRelayed(address) && !isLoopback(address))
  const loopback = encoded((address) => !isRelayed(address) && isLoopback(address))
  const relayed = encoded(isRelayed)
  const [nearest, relay] = [near[0] ?? loopback[0], relayed[0]]
  return [nearest, relay].filter((one) => one !== undefined).slice(0, MAX_ADDRESSES)
}

/** Whether this device can be met without a relay at all; with relays only, nobody is near. */
export function hasNearAddress(net: Net): boolean {
  return net.addresses().some((address) => !isRelayed(withoutSelf(address, net.peer)))
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

/** Waits until every relay is ready or has failed, so that a code shows all the ways there are. */
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
}
