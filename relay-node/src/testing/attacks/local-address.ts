/** How many addresses of its own an attacker has. */
const ADDRESSES = 250

/**
 * All of 127.0.0.0/8 is this machine on Linux, so an attacker can have as many addresses as it
 * likes: the n-th of its sockets comes from one of 250.
 */
export function attackerAddress(n: number): string {
  return `127.7.7.${1 + (n % ADDRESSES)}`
}

/** The port in a multiaddr over TCP. */
export function portOf(address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1])
}
