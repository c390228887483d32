import type { Net } from '@kithmesh/net'

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
  const loopback = encoded(isLoopback)
  const relayed = encoded(isRelayed)
  const [nearest, relay] = [near[0] ?? loopback[0], relayed[0]]
  return [nearest, relay].filter((one) => one !== undefined).slice(0, MAX_ADDRESSES)
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
