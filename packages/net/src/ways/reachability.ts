import type { Connection } from '@libp2p/interface'
import { hostOf, isWebRtc, pathOf } from '../addresses.ts'
import type { PeerIdText, Reachability } from '../net.ts'
import { carrierOf } from '../transports/carriers.ts'

/** Why a peer without a connection has none. */
export type Absence =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'no-address' }
  | { readonly kind: 'dialling' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'lost' }

/** How peers are reached, and the sentence that says so (rule NET-33). */
export interface Reachabilities {
  get(peer: PeerIdText): Reachability
  /** Remembers why a peer is away, shown while it has no connection. */
  explain(peer: PeerIdText, absence: Absence): void
  /** Reads the state of a peer anew; `changed` is called when it is another than before. */
  refresh(peer: PeerIdText): void
  /** Forgets peers that are neither kept nor connected. */
  retain(peers: ReadonlySet<PeerIdText>): void
}

/** What reachability is read from. */
export interface ReachabilityParts {
  best(peer: PeerIdText): Connection | undefined
  now(): number
  changed(peer: PeerIdText, reachability: Reachability): void
}

/** Makes a record of peers that were never heard of. */
export function createReachabilities(parts: ReachabilityParts): Reachabilities {
  const absences = new Map<PeerIdText, Absence>()
  const seen = new Map<PeerIdText, number>()
  const told = new Map<PeerIdText, string>()

  const get = (peer: PeerIdText): Reachability => {
    const connection = parts.best(peer)
    if (connection !== undefined) seen.set(peer, parts.now())
    const lastSeen = seen.get(peer)
    return {
      ...(connection === undefined
        ? { path: 'away' as const, reason: absenceSentence(absences.get(peer)) }
        : {
            path: pathOf(connection.remoteAddr),
            over: carrierOf(connection),
            reason: connectionSentence(connection),
          }),
      ...(lastSeen === undefined ? {} : { lastSeen }),
    }
  }
  const refresh = (peer: PeerIdText): void => {
    const reachability = get(peer)
    const { path, over, reason } = reachability
    const text = `${path} ${over} ${reason}`
    if (told.get(peer) === text) return
    told.set(peer, text)
    parts.changed(peer, reachability)
  }
  return {
    get,
    refresh,
    explain: (peer, absence) => {
      absences.set(peer, absence)
      refresh(peer)
    },
    retain: (peers) => {
      for (const map of [absences, seen, told]) {
        for (const peer of map.keys()) if (!peers.has(peer)) map.delete(peer)
      }
    },
  }
}

function connectionSentence({ remoteAddr }: Connection): string {
  const host = hostOf(remoteAddr)
  if (isWebRtc(remoteAddr)) return 'Directly, by WebRTC'
  switch (pathOf(remoteAddr)) {
    case 'lan':
      return `On this network, at ${host}`
    case 'direct':
      return `Directly, at ${host}`
    case 'relayed':
      return `Through the relay at ${host}`
  }
}

function absenceSentence(absence: Absence | undefined): string {
  switch (absence?.kind) {
    case undefined:
    case 'unknown':
      return 'Nobody asked to reach it yet'
    case 'refused':
      return 'This device refuses connections with it'
    case 'no-address':
      return 'No address of it is known, and no relay of ours knows it'
    case 'dialling':
      return 'Being dialled'
    case 'failed':
      return absence.reason
    case 'lost':
      return 'The connection was lost'
  }
}
