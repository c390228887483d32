import { type Component, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { NetError } from './errors.ts'
import { parsePeer } from './identity.ts'
import { isLoopbackHost, isPrivateIp4, isPrivateIp6 } from './ip-address.ts'
import type { FrameStream, PeerIdText } from './net.ts'

/** Which kind of way an address is, best first. */
export type Path = FrameStream['path']

/** Longest address taken from anybody, as text: webrtc-direct over a relay needs about 260. */
const MAX_ADDRESS_CHARACTERS = 400

/** @throws ERR_ADDRESS on anything that is not a multiaddr of a sane size */
export function parseAddress(text: string): Multiaddr {
  if (text.length > MAX_ADDRESS_CHARACTERS) throw badAddress('it is too long')
  try {
    return multiaddr(text)
  } catch (cause) {
    throw badAddress('it cannot be read', cause)
  }
}

/** @throws ERR_ADDRESS on bytes that are no binary multiaddr */
export function bytesToAddress(bytes: Uint8Array): Multiaddr {
  try {
    return parseAddress(multiaddr(bytes).toString())
  } catch (cause) {
    throw badAddress('its bytes cannot be read', cause)
  }
}

/** The peer an address ends at: what `/p2p/…` at its very end says. */
function peerOf(address: Multiaddr): PeerIdText | undefined {
  const last = address.getComponents().at(-1)
  return last?.name === 'p2p' ? last.value : undefined
}

/** The address with `/p2p/PEER` at its end. @throws ERR_ADDRESS when it names somebody else */
export function addressOf(address: Multiaddr, peer: PeerIdText): Multiaddr {
  const named = peerOf(address)
  if (named === undefined) return address.encapsulate(`/p2p/${peer}`)
  if (named === peer) return address
  throw badAddress('it is the address of another peer')
}

/** The address of a relay and its peer id. @throws ERR_ADDRESS when either is missing */
export function parseRelay(text: string): { address: Multiaddr; relay: PeerIdText } {
  const address = parseAddress(text)
  const relay = peerOf(address)
  if (relay === undefined || relayOf(address) !== undefined) {
    throw badAddress('a relay is given as an address that ends with /p2p/ and its peer id')
  }
  parsePeer(relay)
  return { address, relay }
}

/** The relay that an address leads over; also of WebRTC addresses, which only signal over it. */
export function relayOf(address: Multiaddr): PeerIdText | undefined {
  const components = address.getComponents()
  const at = components.findIndex(({ name }) => name === 'p2p-circuit')
  if (at < 0) return undefined
  return components.slice(0, at).findLast(({ name }) => name === 'p2p')?.value ?? ''
}

/** Whether the address is WebRTC between two peers: signalled over a relay, then direct. */
export function isWebRtc(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'webrtc')
}

/** Whether an address is dialled by webrtc-direct: UDP, the first hop and the last. */
export function isWebRtcDirect(address: Multiaddr): boolean {
  const names = address.getComponents().map(({ name }) => name)
  return names.includes('webrtc-direct') && !names.includes('p2p-circuit')
}

/**
 * Which way a connection at this address goes (rule NET-30). Of a WebRTC connection the address
 * tells only the relay that signalled, so it counts as direct and never as near.
 */
export function pathOf(address: Multiaddr): Path {
  if (isWebRtc(address)) return 'direct'
  if (relayOf(address) !== undefined) return 'relayed'
  return isPrivateAddress(address) ? 'lan' : 'direct'
}

/** The host for a person: `192.168.1.4`, or the name. */
export function hostOf(address: Multiaddr): string {
  return hostComponent(address)?.value ?? 'an unknown address'
}

/** Whether the first hop of an address is this machine, its link or its private network. */
export function isPrivateAddress(address: Multiaddr): boolean {
  const host = hostComponent(address)
  if (host?.value === undefined) return false
  if (host.name === 'ip4') return isPrivateIp4(host.value)
  if (host.name === 'ip6') return isPrivateIp6(host.value)
  return host.value === 'localhost' || host.value.endsWith('.local')
}

/** Whether the first hop of an address is of the internet: not of a local, a private, or a carrier's network (RFC 6598). */
export function isPublicHost(address: Multiaddr): boolean {
  const [first = 0, second = 0] = hostOf(address).split('.').map(Number)
  const isCarriers = first === 100 && second >= 64 && second < 128
  return hostComponent(address) !== undefined && !isPrivateAddress(address) && !isCarriers
}

/** Whether an address is of the internet, and leads to its peer without a relay. */
export function isOutside(address: Multiaddr): boolean {
  return pathOf(address) === 'direct' && !isWebRtc(address) && isPublicHost(address)
}

/** Whether an address is this machine's own and nobody else's way. */
export function isLoopback(address: Multiaddr): boolean {
  return isLoopbackHost(hostComponent(address)?.value ?? '')
}

const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6', 'dnsaddr'])

function hostComponent(address: Multiaddr): Component | undefined {
  return address.getComponents().find(({ name }) => HOSTS.has(name))
}

function badAddress(why: string, cause?: unknown): NetError {
  return new NetError('ERR_ADDRESS', `Not a usable address: ${why}`, { cause })
}
