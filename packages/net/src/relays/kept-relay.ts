import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type BackoffLimits, createBackoff, createWaker, restOf, type Waker } from '../backoff.ts'
import { isNetError } from '../errors.ts'
import { parsePeer } from '../identity.ts'
import type { PeerIdText, RelayState } from '../net.ts'
import { dialPeer } from '../ways/dialer.ts'
import type { RelayKeeperParts } from './relay-keeper.ts'
import type { GivenRelay } from './relay-list.ts'

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

/** One relay: its connection, its reservation, and the loop that brings both back. */
export class KeptRelay {
  readonly relay: PeerIdText
  readonly #parts: RelayKeeperParts
  readonly #waker: Waker = createWaker()
  #given: GivenRelay
  #state: RelayState['state'] = 'connecting'
  #reason = 'Not connected yet'
  #connection: Connection | undefined
  #introduced: Connection | undefined
  #lastReady: number | undefined

  constructor(given: GivenRelay, parts: RelayKeeperParts) {
    this.relay = given.relay
    this.#given = given
    this.#parts = parts
  }

  /** It has these addresses from now on. */
  give(given: GivenRelay): void {
    const isSame = given.texts.join() === this.#given.texts.join()
    this.#given = given
    if (!isSame && this.#state !== 'ready') this.wake()
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

  /** Ends a wait: the connection closed or is doubted, or there is new hope. */
  wake(): void {
    this.#waker.wake()
  }

  /** The network changed: what stands has to show that it still does, what does not is tried now. */
  look(): void {
    if (this.#connection !== undefined) this.#parts.suspect(this.#connection)
    this.wake()
  }

  /** Connect, reserve, wait until either is lost or due again; after a failure wait and begin anew. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, rng } = this.#parts
    const backoff = createBackoff(rng)
    while (!signal.aborted) {
      const began = clock.monotonic()
      try {
        const renewAfter = await this.#reserve(signal)
        backoff.reset()
        await this.#stand(renewAfter, signal)
      } catch (error) {
        // a connection on which nothing is answered would be taken for a standing one again
        if (!isNetError(error)) this.#connection?.abort(new Error('The relay does not answer'))
        this.#lose(sentenceOf(error))
        const pause = restOf(backoff.next(this.#patience()), clock.monotonic() - began)
        const why = await this.#waker.sleep(pause, { signal })
        if (why === 'woken') backoff.reset()
      }
    }
    this.#release()
  }

  /** On a new connection we say first who we are: a relay that is closed to strangers has to know. */
  async #reserve(signal: AbortSignal): Promise<number> {
    const { host, clock } = this.#parts
    const connection = await this.#connect(signal)
    this.#connection = connection
    const isNew = this.#introduced !== connection
    if (isNew) await this.#parts.introduce?.(this.relay, { signal })
    this.#introduced = connection
    const circuit = host.services.circuit
    if (circuit === undefined) throw new Error('this host was made without circuits')
    const { expires } = await circuit.reserve(connection, { signal })
    this.#lastReady = clock.monotonic()
    this.#set('ready', '')
    if (isNew) this.#parts.onReady?.()
    return Math.min(Math.max((expires - clock.now()) / 2, RENEW_EARLIEST_MS), RENEW_LATEST_MS)
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { host, connections } = this.#parts
    const isDoubted = connections.path(this.relay) === undefined
    const standing = connections.all(this.relay).find(({ direct }) => direct)
    if (standing !== undefined && !isDoubted) return standing
    const { addresses } = this.#given
    return dialPeer(host, addresses, { peer: this.relay, signal })
  }

  /** Returns when it is time to renew, and also when the connection has gone or is doubted. */
  async #stand(renewAfter: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    const due = clock.monotonic() + renewAfter
    const over = new AbortController()
    const connection = this.#connection
    // only while it stands: a relay that hangs up on us at once must not be redialled at once
    connection?.addEventListener('close', () => this.wake(), { signal: over.signal })
    try {
      while (this.#isStanding()) {
        const why = await this.#waker.sleep(due - clock.monotonic(), { signal })
        if (why !== 'woken') return
      }
      if (connection?.status !== 'open') this.#lose('The connection to it was lost')
    } finally {
      over.abort()
    }
  }

  /** Its connection is open and nobody doubts it. */
  #isStanding(): boolean {
    return (
      this.#connection?.status === 'open' && this.#parts.connections.path(this.relay) !== undefined
    )
  }

  #lose(reason: string): void {
    this.#release()
    this.#set('failed', reason)
  }

  #release(): void {
    this.#connection = undefined
    this.#introduced = undefined
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
