import { ip6Groups, mappedIp4 } from '@kithmesh/net'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Multiaddr codes of the first component (https://github.com/multiformats/multiaddr/blob/master/protocols.csv). */
const IP4 = 4
const IP6 = 41
const IP6_ZONE = 42

/** Groups of an IPv6 address that name the network of one household or host. */
const NETWORK_GROUPS = 4

/**
 * Whom per-address limits count as one: an IPv4 address, or the /64 of an IPv6 address, since one
 * machine has as many addresses of its /64 as it likes (rule RLY-7).
 */
export function sourceOf(address: Multiaddr): string {
  const component = address.getComponents().find(({ code }) => code !== IP6_ZONE)
  if (component?.code === IP4) return component.value ?? ''
  if (component?.code === IP6) return networkOf(component.value ?? '')
  return 'other'
}

/** The same for the text of an IP address, as a socket gives it. */
export function sourceOfIp(ip: string): string {
  return ip.includes(':') ? networkOf(ip) : ip
}

function networkOf(ip: string): string {
  const network = ip6Groups(ip).slice(0, NETWORK_GROUPS)
  return mappedIp4(ip) ?? `${network.map((group) => group.toString(16)).join(':')}::/64`
}
