import type { PeerIdText } from '@kithmesh/net'

/** Who may use a relay, asked at every request (rule RLY-40). Synchronous: a stranger must cost nothing. */
export interface Access {
  /** Whether a device may be reachable through the relay. */
  mayReserve(peer: PeerIdText): boolean
  /** Whether one device may be joined to another. */
  mayConnect(initiator: PeerIdText, target: PeerIdText): boolean
  /** Whose device it is, for limits and records per account; undefined of a guest. */
  accountOf(peer: PeerIdText): string | undefined
  /** A device of the owner: strangers cannot take its place. */
  isProtected(peer: PeerIdText): boolean
  /** Part of all places (0 … 1) that only protected devices may take; 0 without an owner. */
  readonly ownerShare: number
}

/** Everybody may, within the limits. */
export const OPEN_ACCESS: Access = {
  mayReserve: () => true,
  mayConnect: () => true,
  accountOf: () => undefined,
  isProtected: () => false,
  ownerShare: 0,
}
