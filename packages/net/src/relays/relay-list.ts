import type { Multiaddr } from '@multiformats/multiaddr'
import { parseRelay } from '../addresses.ts'
import type { PeerIdText } from '../net.ts'

/** One relay, and the addresses it was given by. */
export interface GivenRelay {
  readonly relay: PeerIdText
  readonly texts: readonly string[]
  readonly addresses: readonly Multiaddr[]
}

/** The relays a device was given, as they are now. */
export interface RelayList {
  all(): readonly GivenRelay[]
  addresses(): readonly Multiaddr[]
  has(peer: PeerIdText): boolean
  /** Replaces the list. @throws ERR_ADDRESS, and then it stays as it was */
  set(texts: readonly string[]): void
}

/** Makes a list. @throws ERR_ADDRESS when one of the addresses cannot be a relay's */
export function createRelayList(texts: readonly string[]): RelayList {
  let all = groupByRelay(texts)
  return {
    all: () => all,
    addresses: () => all.flatMap(({ addresses }) => addresses),
    has: (peer) => all.some(({ relay }) => relay === peer),
    set: (next) => {
      all = groupByRelay(next)
    },
  }
}

/** Several addresses may lead to one relay; one reservation on it is enough. */
function groupByRelay(texts: readonly string[]): readonly GivenRelay[] {
  const byRelay = Map.groupBy(
    [...new Set(texts)].map((text) => ({ text, ...parseRelay(text) })),
    ({ relay }) => relay,
  )
  return [...byRelay].map(([relay, entries]) => ({
    relay,
    texts: entries.map(({ text }) => text),
    addresses: entries.map(({ address }) => address),
  }))
}
