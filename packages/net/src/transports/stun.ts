import type { Multiaddr } from '@multiformats/multiaddr'

/** RFC 8489 §8.1; where a relay of this mesh answers. */
export const STUN_PORT = 3478

/** STUN servers of our own relays, so that no stranger's is ever asked (rule NET-7). */
export function stunServersOf(relays: readonly Multiaddr[]): readonly string[] {
  const hosts = relays.flatMap((address) => {
    const host = address.getComponents()[0]
    if (host?.value === undefined) return []
    return [host.name === 'ip6' ? `[${host.value}]` : host.value]
  })
  return [...new Set(hosts)].map((host) => `stun:${host}:${STUN_PORT}`)
}
