import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock, Rng } from '../environment.ts'
import type { Host } from '../host.ts'
import { parsePeer } from '../identity.ts'
import type { PeerIdText, RelayState } from '../net.ts'
import type { Connections } from '../ways/connections.ts'
import { closeOrAbort } from '../ways/connections.ts'
import { KeptRelay } from './kept-relay.ts'
import type { RelayList } from './relay-list.ts'

/** Keeps a reservation on every relay of a list, for ever. */
export interface RelayKeeper {
  /** One entry per configured address. */
  states(): readonly RelayState[]
  /** Relays whose reservation stands now, with an address each is reached at. */
  ready(): readonly Multiaddr[]
  /** The list is another: begins with relays that came, ends with those that went. */
  renew(): void
  /** Something changed: look at every relay now. */
  wake(): void
  /** Connections of a relay are doubted, or no longer. */
  notice(relay: PeerIdText): void
  stop(): Promise<void>
}

/** Says something to a relay that was just connected, before it is asked for anything. */
export type Introduce = (
  relay: PeerIdText,
  options: { readonly signal: AbortSignal },
) => Promise<void>

/** What a relay keeper is made from. */
export interface RelayKeeperParts {
  readonly host: Host
  readonly connections: Connections
  readonly relays: RelayList
  readonly clock: Clock
  readonly rng: Rng
  readonly introduce?: Introduce
  /** Asks whether a connection still leads somewhere. */
  suspect(connection: ReturnType<Connections['all']>[number]): void
  onChange(state: RelayState): void
  /** A reservation stands on a connection that is new: others can be reached over it. */
  onReady?(): void
}

/** Starts keeping. A relay that is down now is not an error but a state. */
export function startRelayKeeper(parts: RelayKeeperParts): RelayKeeper {
  const stopped = new AbortController()
  const kept = new Map<PeerIdText, Keeping>()
  const ending = new Set<Promise<void>>()

  const begin = (relay: PeerIdText, one: KeptRelay): void => {
    const over = new AbortController()
    const loop = one.run(AbortSignal.any([stopped.signal, over.signal]))
    kept.set(relay, { one, end: () => over.abort(), loop })
  }
  const end = (relay: PeerIdText, { end, loop }: Keeping): void => {
    kept.delete(relay)
    end()
    const left = loop.then(() => leave(relay, parts))
    ending.add(left)
    void left.finally(() => ending.delete(left))
  }
  const renew = (): void => {
    const given = new Map(parts.relays.all().map((one) => [one.relay, one]))
    for (const [relay, keeping] of kept) if (!given.has(relay)) end(relay, keeping)
    for (const [relay, one] of given) {
      const standing = kept.get(relay)
      if (standing === undefined) begin(relay, new KeptRelay(one, parts))
      else standing.one.give(one)
    }
  }
  renew()
  const all = (): readonly KeptRelay[] => [...kept.values()].map(({ one }) => one)
  return {
    states: () => all().flatMap((one) => one.states()),
    ready: () => all().flatMap((one) => one.standing()),
    renew,
    wake: () => {
      for (const one of all()) one.look()
    },
    notice: (relay) => kept.get(relay)?.one.wake(),
    stop: async () => {
      stopped.abort()
      await Promise.all([...[...kept.values()].map(({ loop }) => loop), ...ending])
    },
  }
}

interface Keeping {
  readonly one: KeptRelay
  readonly end: () => void
  readonly loop: Promise<void>
}

/** A relay that was taken off the list holds no connection of ours either. */
async function leave(relay: PeerIdText, { host }: RelayKeeperParts): Promise<void> {
  const connections = host.getConnections(parsePeer(relay))
  await Promise.all(connections.map((connection) => closeOrAbort(connection)))
}
