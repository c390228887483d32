import {
  type Clock,
  createHost,
  HOP_PROTOCOL,
  type Host,
  isLoopback,
  isLoopbackHost,
  STUN_PORT,
} from '@kithmesh/net'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type AdminAddress, createAdminServer, startAdmin } from './admin.ts'
import { type Counters, createCounters } from './counters.ts'
import { createDoor, idleConnections } from './door.ts'
import { systemClock, systemRng } from './environment.ts'
import { RelayError, reasonOf } from './errors.ts'
import { makeHome, openHome, type RelayHome } from './home.ts'
import { claimHome } from './home-claim.ts'
import { createHopService, type HopService, maxHopStreams } from './hop-service.ts'
import { parseLimits, type RelayLimits } from './limits.ts'
import {
  checkFree,
  defaultListen,
  isOf,
  type ListenAddress,
  parseListen,
  publicAddresses,
} from './listen.ts'
import type { Relay, RelayOptions } from './relay-options.ts'
import type { RelayNotice, RelayStatus } from './status.ts'
import { startStun } from './stun.ts'
import { packageVersion } from './version.ts'

/** Loopback only: whoever wants it elsewhere says so. */
const DEFAULT_ADMIN: AdminAddress = { host: '127.0.0.1', port: 4003 }

/**
 * Starts a relay in this process.
 *
 * @example
 * ```ts
 * import { createRelay } from 'kith-relay'
 *
 * const relay = await createRelay({
 *   home: './relay',
 *   listen: ['/ip4/127.0.0.1/tcp/0'],
 *   admin: 'off',
 *   stun: 'off',
 * })
 * console.log(relay.addresses)
 * await relay.stop()
 * ```
 *
 * @throws ERR_HOME_HELD, ERR_HOME_UNUSABLE, ERR_KEY_MALFORMED, ERR_CERTIFICATE, ERR_LISTEN, ERR_LIMITS
 */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const relay = new RunningRelay(options)
  try {
    await relay.start()
    return relay
  } catch (error) {
    await relay.stop()
    throw error
  }
}

type Closer = () => Promise<void>

/** How often unused connections are closed. */
const SWEEP_INTERVAL_MS = 15_000
/** How long the network may take to say goodbye to everybody. */
const STOP_TIMEOUT_MS = 1_500

/** A relay from its first port to its last: what it opened, it closes in reverse. */
class RunningRelay implements Relay {
  readonly #options: RelayOptions
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #version = packageVersion()
  readonly #counters: Counters = createCounters()
  readonly #closers: Closer[] = []
  readonly #notices: RelayNotice[] = []
  #limits: RelayLimits = parseLimits({})
  #addresses: readonly Multiaddr[] = []
  #outside: readonly Multiaddr[] = []
  #host: Host | undefined
  #hop: HopService | undefined
  #stun: number | undefined
  #ready = false
  #stopping: Promise<void> | undefined
  admin: string | null = null

  constructor(options: RelayOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#startedAt = this.#clock.monotonic()
  }

  get peer(): string {
    return this.#host?.peerId.toString() ?? ''
  }

  get addresses(): readonly string[] {
    return this.#addresses.map(String)
  }

  async start(): Promise<void> {
    const { signal } = this.#options
    const listen = (this.#options.listen ?? defaultListen()).map(parseListen)
    const home = await this.#openHome()
    signal?.throwIfAborted()
    await checkFree(listen)
    await this.#startHost(home, listen)
    await this.#startStun()
    await this.#startAdmin()
    signal?.throwIfAborted()
    this.#ready = true
  }

  async #openHome(): Promise<RelayHome> {
    const { home, rng = systemRng } = this.#options
    await makeHome(home)
    const claim = await claimHome(home, createAdminServer(this.#view))
    this.#closers.push(() => claim.release())
    const opened = await openHome(home, { clock: this.#clock, rng })
    this.#limits = parseLimits({ ...opened.limits, ...this.#options.limits })
    return opened
  }

  async #startHost({ identity, certificate }: RelayHome, listen: readonly ListenAddress[]) {
    const limits = this.#limits
    const { stallTimeout } = this.#options
    const hop = createHopService({
      identity,
      limits,
      counters: this.#counters,
      clock: this.#clock,
      addressesFor: (connection) => this.#addressesFor(connection),
      ...(stallTimeout === undefined ? {} : { stallTimeout }),
    })
    const door = createDoor(limits)
    const host = await createHost({
      identity,
      certificate,
      listen: listen.map(({ text }) => text),
      circuit: false,
      webrtc: false,
      agent: 'kith-relay',
      gate: { denyInboundConnection: (connection) => door.refuses(connection) },
      limits: { maxConnections: maxConnectionsOf(limits), maxStreams: maxHopStreams(limits) * 2 },
    })
    this.#closers.push(() => within(STOP_TIMEOUT_MS, host.stop()))
    await host.handle(HOP_PROTOCOL, (stream, connection) => hop.answer(stream, connection), {
      maxInboundStreams: maxHopStreams(limits),
    })
    this.#host = host
    this.#hop = hop
    const sweeping = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref()
    this.#closers.push(async () => clearInterval(sweeping))
    this.#checkListening(host, listen)
    await this.#publish(host)
  }

  #sweep(): void {
    const isReserved = (connection: Connection) => this.#hop?.isReserved(connection) === true
    const at = { now: this.#clock.now(), isReserved }
    for (const connection of idleConnections(this.#host?.getConnections() ?? [], at)) {
      connection.close().catch((error: Error) => connection.abort(error))
    }
  }

  /** A host skips what it cannot listen on; of a relay the operator should know. */
  #checkListening(host: Host, listen: readonly ListenAddress[]): void {
    const actual = host.getMultiaddrs()
    for (const wanted of listen) {
      if (actual.some((address) => isOf(address, wanted))) continue
      if (wanted.transport !== 'webrtc-direct') {
        throw new RelayError('ERR_LISTEN', `Cannot listen on ${wanted.text}`)
      }
      this.#notice(
        'NO_WEBRTC',
        `No WebRTC on ${wanted.text}: the add-on node-datachannel is missing`,
        {
          hint: 'Browsers reach this relay by WebSocket alone. Reinstall on a machine it is built for.',
        },
      )
    }
  }

  async #publish(host: Host): Promise<void> {
    const { publicHost } = this.#options
    const listening = host.getMultiaddrs()
    this.#outside = publicHost === undefined ? [] : await publicAddresses(listening, publicHost)
    const known = [...this.#outside, ...listening.toSorted((a, b) => nearness(a) - nearness(b))]
    this.#addresses = [...new Map(known.map((address) => [address.toString(), address])).values()]
  }

  /** What a client may tell others of us: nothing that leads them to their own machine (RLY-6). */
  #addressesFor(connection: Connection): readonly Uint8Array[] {
    const told = isLoopback(connection.remoteAddr)
      ? this.#addresses
      : this.#outside.length > 0
        ? this.#outside
        : this.#addresses.filter((address) => !isLoopback(address))
    return told.slice(0, MAX_RESERVATION_ADDRESSES).map(({ bytes }) => bytes)
  }

  async #startStun(): Promise<void> {
    const { stun } = this.#options
    if (stun === 'off') return
    try {
      const responder = await startStun({
        port: stun?.port ?? STUN_PORT,
        clock: this.#clock,
        onAnswer: () => {
          this.#counters.stunAnswered += 1
        },
      })
      this.#stun = responder.port
      this.#closers.push(() => responder.close())
    } catch (error) {
      if (stun !== undefined) throw stunRefused(stun.port, error)
      this.#notice('NO_STUN', `No STUN from this relay: ${reasonOf(error)}`, {
        hint: 'Give it another port with --stun PORT, or switch it off with --stun off.',
      })
    }
  }

  async #startAdmin(): Promise<void> {
    const { admin = DEFAULT_ADMIN } = this.#options
    if (admin === 'off') return
    const pages = await startAdmin(admin, this.#view)
    this.admin = pages.url
    this.#closers.push(() => pages.close())
    if (isLoopbackHost(admin.host)) return
    this.#notice('ADMIN_EXPOSED', `The admin pages are open to whoever reaches ${pages.url}`, {
      hint: 'They show sums alone. Without --admin they are served to this machine only.',
    })
  }

  get #view(): { status(): RelayStatus; readonly counters: Counters } {
    return { status: () => this.status(), counters: this.#counters }
  }

  #notice(code: RelayNotice['code'], message: string, { hint }: { readonly hint: string }): void {
    this.#notices.push({ code, message, hint })
  }

  status(): RelayStatus {
    return {
      relay: this.peer,
      version: this.#version,
      ready: this.#ready,
      access: 'open',
      addresses: this.addresses,
      stun: this.#stun === undefined ? null : `stun:${this.#stunHost()}:${this.#stun}`,
      uptime: Math.floor(this.#clock.monotonic() - this.#startedAt),
      reservations: this.#hop?.reservations() ?? 0,
      circuits: this.#hop?.circuits() ?? 0,
      connections: this.#host?.getConnections().length ?? 0,
      bytes: this.#counters.bytes,
      bufferedBytes: this.#hop?.bufferedBytes() ?? 0,
      messagesHeld: 0,
      limits: this.#limits,
      notices: this.#notices,
    }
  }

  #stunHost(): string {
    const host = this.#options.publicHost ?? this.#addresses[0]?.getComponents()[0]?.value
    return host?.includes(':') ? `[${host}]` : (host ?? '127.0.0.1')
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#ready = false
    const { drain = 0 } = this.#options
    this.#hop?.drain()
    if (drain > 0) await this.#hop?.drained(AbortSignal.timeout(drain)).catch(() => {})
    this.#hop?.close()
    for (const close of this.#closers.toReversed()) await close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** What fits a 4 KiB answer beside the voucher, at about 90 bytes each. */
const MAX_RESERVATION_ADDRESSES = 16

/** Everybody with a reservation, everybody dialling a circuit, and as many who may come to. */
function maxConnectionsOf({ maxReservations, maxCircuits }: RelayLimits): number {
  return 2 * (maxReservations + maxCircuits)
}

/** Loopback last: it leads nobody but this machine here. */
function nearness(address: Multiaddr): number {
  return isLoopback(address) ? 1 : 0
}

function stunRefused(port: number, error: unknown): RelayError {
  return new RelayError(
    'ERR_LISTEN',
    `Cannot answer STUN on UDP port ${port}: ${reasonOf(error)}`,
    {
      cause: error,
      hint: 'Choose another port with --stun PORT, or switch it off with --stun off.',
    },
  )
}

/** Waits for `work` but no longer: what does not close in time dies with the process. */
async function within(ms: number, work: void | Promise<void>): Promise<void> {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, ms)
  await Promise.race([work, timeout.promise]).finally(() => clearTimeout(timer))
}
