import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { parseRelay } from './addresses.ts'
import { type BackoffLimits, createBackoff, createWaker, type Waker } from './backoff.ts'
import type { Connections } from './connections.ts'
import { dialPeer } from './dialer.ts'
import type { Clock, Rng } from './environment.ts'
import { isNetError } from './errors.ts'
import type { Host } from './host.ts'
import { parsePeer } from './identity.ts'
import { dropWhenDead } from './liveness.ts'
import type { PeerIdText, RelayState } from './net.ts'

/** Keeps a reservation on every configured relay, for ever. */
export interface RelayKeeper {
  /** One entry per configured address. */
  states(): readonly RelayState[]
  /** Relays whose reservation stands now, with an address each is reached at. */
  ready(): readonly Multiaddr[]
  isRelay(peer: PeerIdText): boolean
  /** Something changed: look at every relay now. */
  wake(): void
  stop(): Promise<void>
}

/** What a relay keeper is made from. */
export interface RelayKeeperParts {
  readonly host: Host
  readonly connections: Connections
  readonly relays: readonly string[]
  readonly clock: Clock
  readonly rng: Rng
  onChange(state: RelayState): void
}

/** Waiting between attempts: a relay that was up within the hour is restarting, not gone. */
const RESTARTING: BackoffLimits = { first: 150, ceiling: 2_500 }
const GONE: BackoffLimits = { first: 500, ceiling: 30_000 }
const RECENT_MS = 60 * 60 * 1_000

/**
 * A reservation is renewed after half of its time, at least each half minute and at most each
 * quarter of an hour (rule NET-23): a relay's clock may be wrong by any amount, and a relay that
 * forgot us silently is noticed within that time.
 */
const RENEW_EARLIEST_MS = 30_000
const RENEW_LATEST_MS = 15 * 60 * 1_000

/** Starts keeping. A relay that is down now is not an error but a state. @throws ERR_ADDRESS */
export function startRelayKeeper(parts: RelayKeeperParts): RelayKeeper {
  const stopped = new AbortController()
  const kept = groupByRelay(parts.relays).map((one) => new KeptRelay(one, parts))
  const loops = kept.map((one) => one.run(stopped.signal))
  return {
    states: () => kept.flatMap((one) => one.states()),
    ready: () => kept.flatMap((one) => one.standing()),
    isRelay: (peer) => kept.some(({ relay }) => relay === peer),
    wake: () => {
      for (const one of kept) one.wake()
    },
    stop: async () => {
      stopped.abort()
      await Promise.all(loops)
    },
  }
}

interface RelayAddresses {
  readonly relay: PeerIdText
  readonly texts: readonly string[]
  readonly addresses: readonly Multiaddr[]
}

/** Several addresses may lead to one relay; one reservation on it is enough. */
function groupByRelay(texts: readonly string[]): readonly RelayAddresses[] {
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

/** One relay: its connection, its reservation, and the loop that brings both back. */
class KeptRelay {
  readonly relay: PeerIdText
  readonly #given: RelayAddresses
  readonly #parts: RelayKeeperParts
  readonly #waker: Waker = createWaker()
  #state: RelayState['state'] = 'connecting'
  #reason = 'Not connected yet'
  #connection: Connection | undefined
  #lastReady: number | undefined

  constructor(given: RelayAddresses, parts: RelayKeeperParts) {
    this.relay = given.relay
    this.#given = given
    this.#parts = parts
  }

  states(): readonly RelayState[] {
    const { texts } = this.#given
    const ready = this.#state === 'ready'
    return texts.map((address) => ({
      address,
      state: this.#state,
      ...(ready ? {} : { reason: this.#reason }),
    }))
  }

  standing(): readonly Multiaddr[] {
    if (this.#state !== 'ready' || this.#connection === undefined) return []
    return [this.#connection.remoteAddr]
  }

  wake(): void {
    this.#waker.wake()
  }

  /** Connect, reserve, wait until either is lost or due again; after a failure wait and begin anew. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff(this.#parts.rng)
    while (!signal.aborted) {
      try {
        const renewAfter = await this.#reserve(signal)
        backoff.reset()
        await this.#stand(renewAfter, signal)
      } catch (error) {
        // a connection on which nothing is answered would be taken for a standing one again
        if (!isNetError(error)) this.#connection?.abort(new Error('The relay does not answer'))
        this.#lose(sentenceOf(error))
        const why = await this.#waker.sleep(backoff.next(this.#patience()), { signal })
        if (why === 'woken') backoff.reset()
      }
    }
    this.#release()
  }

  async #reserve(signal: AbortSignal): Promise<number> {
    const { host, clock } = this.#parts
    this.#connection = await this.#connect(signal)
    const circuit = host.services.circuit
    if (circuit === undefined) throw new Error('this host was made without circuits')
    const { expires } = await circuit.reserve(this.#connection, { signal })
    this.#lastReady = clock.monotonic()
    this.#set('ready', '')
    return Math.min(Math.max((expires - clock.now()) / 2, RENEW_EARLIEST_MS), RENEW_LATEST_MS)
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { host, connections } = this.#parts
    const standing = connections.all(this.relay).find(({ direct }) => direct)
    if (standing !== undefined) return standing
    const { addresses } = this.#given
    return dialPeer(host, addresses, { peer: this.relay, signal })
  }

  /** Returns when it is time to renew, and also when the connection has gone. */
  async #stand(renewAfter: number, signal: AbortSignal): Promise<void> {
    const due = this.#parts.clock.monotonic() + renewAfter
    const over = new AbortController()
    const connection = this.#connection
    // only while it stands: a relay that hangs up on us at once must not be redialled at once
    connection?.addEventListener('close', () => this.wake(), { signal: over.signal })
    try {
      while (this.#connection?.status === 'open') {
        const why = await this.#waker.sleep(due - this.#parts.clock.monotonic(), { signal })
        if (why !== 'woken') return
        if (this.#connection.status === 'open') await dropWhenDead(this.#connection, { signal })
      }
      this.#lose('The connection to it was lost')
    } finally {
      over.abort()
    }
  }

  #lose(reason: string): void {
    this.#release()
    this.#set('failed', reason)
  }

  #release(): void {
    this.#connection = undefined
    this.#parts.host.services.circuit?.release(parsePeer(this.relay))
  }

  #patience(): BackoffLimits {
    if (this.#lastReady === undefined) return GONE
    const since = this.#parts.clock.monotonic() - this.#lastReady
    return since < RECENT_MS ? RESTARTING : GONE
  }

  #set(state: RelayState['state'], reason: string): void {
    if (state === this.#state && reason === this.#reason) return
    this.#state = state
    this.#reason = reason
    for (const one of this.states()) this.#parts.onChange(one)
  }
}

/** Why there is no reservation, for a person. */
function sentenceOf(error: unknown): string {
  if (isNetError(error)) return error.message
  if (error instanceof Error && error.name === 'UnsupportedProtocolError') {
    return 'What answers there is not a relay'
  }
  return 'The relay does not answer'
}
