import { type Clock, createHost, type Host, type HostLimits, isOutside } from '@kithmesh/net'
import { createAdminServer } from './admin/admin.ts'
import type { RelayNotice, RelayStatus } from './admin/status.ts'
import { type Counters, createCounters } from './counters.ts'
import { systemClock, systemRng } from './environment.ts'
import { RelayError } from './errors.ts'
import { createGuard, type Guard, maxConnectionsOf } from './guard/guard.ts'
import { makeHome, openHome, type RelayHome, readLimits } from './home/home.ts'
import { claimHome } from './home/home-claim.ts'
import { keepCounting, type Month, openMonth } from './home/month.ts'
import { createHopService, type HopService, maxHopStreams } from './hop/hop-service.ts'
import { createUsageBook } from './hop/usage.ts'
import { parseLimits, type RelayLimits } from './limits.ts'
import { checkFree, defaultListen, isOf, type ListenAddress, parseListen } from './listen.ts'
import { OPEN_ACCESS } from './ownership/access.ts'
import type { ClaimCode } from './ownership/claim-code.ts'
import { createClaimService, RELAY_PROTOCOL } from './ownership/claim-service.ts'
import { type Ownership, openOwnership } from './ownership/ownership.ts'
import { reachableBy } from './reachable.ts'
import { type RelayAddresses, relayAddresses } from './relay-addresses.ts'
import type { Relay, RelayOptions } from './relay-options.ts'
import { openAdmin, openStun } from './side-services.ts'
import { packageVersion } from './version.ts'

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
  /** One object for all who go by it: a reload changes what is in it. */
  readonly #limits: { -readonly [K in keyof RelayLimits]: number } = { ...parseLimits({}) }
  #addresses: RelayAddresses | undefined
  #ownership: Ownership | undefined
  #month: Month | undefined
  #guard: Guard | undefined
  #host: Host | undefined
  #hop: HopService | undefined
  #stun: number | undefined
  #isVisited = false
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
    return (this.#addresses?.all ?? []).map(String)
  }

  async start(): Promise<void> {
    const { signal } = this.#options
    const listen = (this.#options.listen ?? defaultListen()).map(parseListen)
    const home = await this.#openHome()
    signal?.throwIfAborted()
    await checkFree(listen)
    await this.#startHost(home, listen)
    await this.#startBeside()
    signal?.throwIfAborted()
    this.#ready = true
  }

  async #openHome(): Promise<RelayHome> {
    const { home, open = false, allow: allowFile, rng = systemRng } = this.#options
    const clock = this.#clock
    await makeHome(home)
    const claim = await claimHome(home, createAdminServer(this.#view, { control: this }))
    this.#closers.push(() => claim.release())
    const opened = await openHome(home, { clock, rng })
    Object.assign(this.#limits, parseLimits({ ...opened.limits, ...this.#options.limits }))
    const onOut = (peers: ReadonlySet<string>): void => {
      this.#guard?.cutOff(peers)
      this.#hop?.cutOff(peers)
    }
    this.#ownership = await openOwnership({ home, opened, open, allowFile, clock, rng, onOut })
    this.#month = await this.#openMonth()
    return opened
  }

  async #openMonth(): Promise<Month> {
    const month = await openMonth({
      home: this.#options.home,
      limits: this.#limits,
      counters: this.#counters,
      clock: this.#clock,
      onSpent: () => this.#hop?.endCircuits(new Error('The month is used up')),
    })
    const stopCounting = keepCounting(month, this.#limits)
    this.#closers.push(async () => stopCounting())
    this.#closers.push(() => month.close())
    return month
  }

  async #startHost({ identity, certificate }: RelayHome, listen: readonly ListenAddress[]) {
    const limits = this.#limits
    const clock = this.#clock
    const counters = this.#counters
    const access = this.#ownership?.accounts ?? OPEN_ACCESS
    const { stallTimeout, requestTimeout: timeout } = this.#options
    const book = this.#options.usage === true ? createUsageBook(clock) : undefined
    const hop = createHopService({
      identity,
      limits,
      counters,
      clock,
      access,
      ...(book === undefined ? {} : { usage: book }),
      isSpent: () => this.#month?.isSpent() === true,
      addressesFor: (connection) => this.#addresses?.for(connection) ?? [],
      ...(stallTimeout === undefined ? {} : { stallTimeout }),
      ...(timeout === undefined ? {} : { timeout }),
    })
    const guard = createGuard({
      limits,
      counters,
      clock,
      access,
      isUsed: (connection) => hop.isUsed(connection),
      onVisit: ({ remoteAddr }) => {
        this.#isVisited ||= isOutside(remoteAddr)
      },
    })
    const host = await createHost({
      identity,
      certificate,
      listen: listen.map(({ text }) => text),
      circuit: false,
      webrtc: false,
      agent: 'kith-relay',
      clock,
      gate: guard.gate,
      admit: guard.admit,
      present: hop.present,
      limits: hostLimits(limits),
      asksPeers: false,
    })
    this.#closers.push(() => within(STOP_TIMEOUT_MS, host.stop()))
    this.#host = host
    this.#hop = hop
    this.#guard = guard
    this.#watch(guard, host)
    this.#checkListening(host, listen)
    this.#addresses = await relayAddresses(host, this.#options.publicHost)
    await this.#serve(host, hop)
  }

  #watch(guard: Guard, host: Host): void {
    const watching = new AbortController()
    guard.watch(host, watching)
    const sweeping = setInterval(() => guard.sweep(), SWEEP_INTERVAL_MS).unref()
    this.#closers.push(async () => {
      watching.abort()
      clearInterval(sweeping)
    })
  }

  async #serve(host: Host, hop: HopService): Promise<void> {
    const maxInboundStreams = maxHopStreams(this.#limits)
    for (const [protocol, answer] of Object.entries(hop.answers)) {
      await host.handle(protocol, answer, { maxInboundStreams })
    }
    await host.unhandle(IDENTIFY_PUSH)
    if (this.#ownership === undefined) return
    const { accounts, desk, keepOwner } = this.#ownership
    const clock = this.#clock
    const addresses = (): readonly string[] => this.addresses
    const relay = (): string => this.peer
    const claims = createClaimService({ accounts, desk, clock, addresses, relay, keepOwner })
    await host.handle(RELAY_PROTOCOL.id, claims, {
      maxInboundStreams: RELAY_PROTOCOL.maxStreamsPerPeer,
    })
  }

  /** A host skips what it cannot listen on; of a relay the operator should know. */
  #checkListening(host: Host, listen: readonly ListenAddress[]): void {
    const actual = host.getMultiaddrs()
    for (const wanted of listen) {
      if (actual.some((address) => isOf(address, wanted))) continue
      if (wanted.transport !== 'webrtc-direct') {
        throw new RelayError('ERR_LISTEN', `Cannot listen on ${wanted.text}`)
      }
      this.#notices.push({
        code: 'NO_WEBRTC',
        message: `No WebRTC on ${wanted.text}: the add-on node-datachannel is missing`,
        hint: 'Browsers reach this relay by WebSocket alone. Reinstall on a machine it is built for.',
      })
    }
  }

  async #startBeside(): Promise<void> {
    const stun = await openStun(this.#options, { clock: this.#clock, counters: this.#counters })
    this.#stun = stun.service?.port
    this.#closers.push(async () => stun.service?.close())
    const admin = await openAdmin(this.#options, this.#view)
    this.admin = admin.service?.url ?? null
    this.#closers.push(async () => admin.service?.close())
    for (const { notice } of [stun, admin]) if (notice !== undefined) this.#notices.push(notice)
  }

  get #view(): { status(): RelayStatus; readonly counters: Counters } {
    return { status: () => this.status(), counters: this.#counters }
  }

  claimCode(): Promise<ClaimCode | undefined> {
    const { peer: relay, addresses } = this
    return this.#ownership?.claimCode({ relay, addresses }) ?? Promise.resolve(undefined)
  }

  offerToAnother(): Promise<ClaimCode | undefined> {
    this.#ownership?.desk.reopen()
    return this.claimCode()
  }

  async reload(): Promise<void> {
    const { home, limits } = this.#options
    const read = parseLimits({ ...(await readLimits(home)), ...limits })
    await this.#ownership?.reload()
    Object.assign(this.#limits, read)
  }

  status(): RelayStatus {
    const { reachable, reason: reachableReason } = reachableBy({
      isVisited: this.#isVisited,
      addresses: this.#addresses?.all ?? [],
    })
    return {
      relay: this.peer,
      version: this.#version,
      ready: this.#ready,
      access: this.#ownership?.access() ?? 'unclaimed',
      reachable,
      reachableReason,
      addresses: this.addresses,
      stun: this.#stun === undefined ? null : `stun:${this.#stunHost()}:${this.#stun}`,
      uptime: Math.floor(this.#clock.monotonic() - this.#startedAt),
      reservations: this.#hop?.reservations() ?? 0,
      circuits: this.#hop?.circuits() ?? 0,
      splices: this.#hop?.splices() ?? 0,
      connections: this.#host?.getConnections().length ?? 0,
      bytes: this.#counters.bytes,
      monthBytes: this.#month?.bytes() ?? 0,
      turnedAway: this.#counters.turnedAway,
      floods: this.#counters.floods,
      bufferedBytes: this.#hop?.bufferedBytes() ?? 0,
      messagesHeld: 0,
      limits: this.#limits,
      notices: this.#notices,
    }
  }

  #stunHost(): string {
    const host = this.#options.publicHost ?? this.#addresses?.all[0]?.getComponents()[0]?.value
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

/** By which peers tell what changed about them: nothing a relay would use. */
const IDENTIFY_PUSH = '/ipfs/id/push/1.0.0'

/** The guard decides who is one too many; libp2p would refuse whoever comes. */
function hostLimits(limits: RelayLimits): Partial<HostLimits> {
  const streams = maxHopStreams(limits) * 2
  return {
    maxConnections: maxConnectionsOf(limits) * 2,
    maxPending: limits.maxPending * 2,
    maxStreams: streams,
    maxOpenings: streams,
  }
}

/** Waits for `work` but no longer: what does not close in time dies with the process. */
async function within(ms: number, work: void | Promise<void>): Promise<void> {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, ms)
  await Promise.race([work, timeout.promise]).finally(() => clearTimeout(timer))
}
