import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isWebRtc, relayOf } from '../addresses.ts'
import { NetError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { NetRules } from '../lan/lan-rule.ts'
import type { PeerIdText } from '../net.ts'
import type { Connections } from './connections.ts'
import { dialPeer } from './dialer.ts'

/** Dials peers at everything that is known of them, each once at a time. */
export interface Dials {
  /** The connection that stands, or a new one. @throws ERR_UNREACHABLE, ERR_PEER_REFUSED */
  connect(peer: PeerIdText, signal: AbortSignal): Promise<Connection>
  /** A new connection at one of some addresses; the signal ends the dial itself. @throws ERR_UNREACHABLE */
  dial(peer: PeerIdText, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<Connection>
  /** Where a peer may be dialled now. */
  addresses(peer: PeerIdText): readonly Multiaddr[]
}

/** What dials are made from. */
export interface DialsParts {
  readonly host: Host
  readonly connections: Connections
  readonly rules: NetRules
  /** What is known of a peer. */
  known(peer: PeerIdText): readonly Multiaddr[]
  /** Our relays whose reservation stands: each may know the peer too. */
  relays(): readonly Multiaddr[]
  /** Ends every dial. */
  readonly stopped: AbortSignal
}

/** Makes the dials of one host. */
export function createDials(parts: DialsParts): Dials {
  const { host, connections, rules, stopped } = parts
  const dialsByPeer = new Map<PeerIdText, Ongoing>()

  const addresses = (peer: PeerIdText): readonly Multiaddr[] => {
    const known = parts.known(peer).filter(rules.mayDial)
    const overOurs = parts.relays().map((relay) => relay.encapsulate(`/p2p-circuit/p2p/${peer}`))
    const ours = new Set(overOurs.map(relayOf))
    // over the connection to our relay, however many addresses the relay has
    const overOthers = known.filter((one) => !isWebRtc(one) && !ours.has(relayOf(one)))
    return [...overOthers, ...overOurs, ...webRtcWay(known, ours)]
  }

  const dial: Dials['dial'] = async (peer, ways, signal) => {
    const ongoing = dialsByPeer.get(peer)
    // one that knows fewer addresses may be waiting for silence
    if (ongoing !== undefined && ways.every((way) => ongoing.ways.has(way.toString()))) {
      const joined = await abortable(ongoing.made, signal).catch(() => undefined)
      signal.throwIfAborted()
      return joined ?? trusted(peer) ?? dial(peer, ways, signal)
    }
    const made = dialPeer(host, ways, { peer, signal: AbortSignal.any([stopped, signal]) })
    const begun: Ongoing = { made, ways: new Set(ways.map(String)) }
    dialsByPeer.set(peer, begun)
    const forget = (): void => {
      if (dialsByPeer.get(peer) === begun) dialsByPeer.delete(peer)
    }
    made.then(forget, forget)
    return made
  }

  const trusted = (peer: PeerIdText): Connection | undefined =>
    connections.path(peer) === undefined ? undefined : connections.best(peer)

  return {
    addresses,
    dial,
    connect: async (peer, signal) => {
      if (rules.isRefused(peer)) {
        throw new NetError('ERR_PEER_REFUSED', 'This device refuses connections with it')
      }
      const good = trusted(peer)
      if (good !== undefined) return good
      const standing = connections.best(peer)
      // WebRTC is a way to do better once a relay carries its signals, not a way to begin
      const ways = addresses(peer).filter((address) => !isWebRtc(address))
      try {
        // whoever gives up waiting does not take the dial from others who joined it
        return await abortable(dial(peer, ways, stopped), signal)
      } catch (error) {
        // one that is doubted is better than none
        if (standing?.status === 'open') return standing
        throw error
      }
    },
  }
}

/** A dial under way, and what it knows. */
interface Ongoing {
  readonly made: Promise<Connection>
  readonly ways: ReadonlySet<string>
}

/**
 * One address is enough for WebRTC: it signals over the connection that stands, whatever the address
 * says, and each try costs both ends a set of sockets and several STUN requests (rule NET-53).
 */
function webRtcWay(
  known: readonly Multiaddr[],
  ours: ReadonlySet<PeerIdText | undefined>,
): readonly Multiaddr[] {
  const all = known.filter(isWebRtc)
  const chosen = all.find((one) => ours.has(relayOf(one))) ?? all[0]
  return chosen === undefined ? [] : [chosen]
}

/** The promise, or the signal's reason when that comes first; the work itself goes on. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  return Promise.race([promise, aborted]).finally(() => {
    signal.removeEventListener('abort', onAbort)
  })
}
