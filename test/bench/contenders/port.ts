import type { AddressInfo } from 'node:net'

/** Where a server on loopback listens. @throws Error when it listens nowhere */
export function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address) return address.port
  throw new Error('a server without a port')
}
