import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Path, pathOf } from '../addresses.ts'
import { NetError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { PeerIdText } from '../net.ts'

/** One kind of way, when it is started after the dial began, and how long one address may take. */
interface Stage {
  readonly path: Path
  readonly after: number
  readonly timeout: number
}

/**
 * LAN, then direct, then relayed (rule NET-32). The next way starts when the one before is exhausted
 * or has had its head start, so a stale address that swallows everything costs 300 ms and not 5 s.
 */
const STAGES: readonly Stage[] = [
  { path: 'lan', after: 0, timeout: 3_000 },
  { path: 'direct', after: 300, timeout: 5_000 },
  { path: 'relayed', after: 600, timeout: 10_000 },
]

/** Addresses of one way dialled in one attempt, each at most this much after the one before. */
const MAX_PER_STAGE = 8
const STAGGER_MS = 100

/** TCP costs a third of WebSocket, and a tenth of WebRTC, per byte. */
const TRANSPORT_ORDER = ['webrtc', 'webrtc-direct', 'ws', 'wss', 'tcp']

/**
 * Dials addresses of one peer and gives the first connection that stands; the others are given up.
 *
 * @throws ERR_UNREACHABLE with what each address answered as cause
 */
export async function dialPeer(
  host: Host,
  addresses: readonly Multiaddr[],
  { peer, signal }: { peer: PeerIdText; signal: AbortSignal },
): Promise<Connection> {
  signal.throwIfAborted()
  if (addresses.length === 0) throw new NetError('ERR_UNREACHABLE', 'No address of it is known')
  const race = new AbortController()
  const ended = AbortSignal.any([signal, race.signal])
  try {
    return await Promise.any(dialStages(host, addresses, ended))
  } catch (cause) {
    signal.throwIfAborted()
    throw new NetError('ERR_UNREACHABLE', unreachable(addresses), { cause })
  } finally {
    race.abort(new NetError('ERR_UNREACHABLE', `Another way to ${peer.slice(-6)} was faster`))
  }
}

function dialStages(
  host: Host,
  addresses: readonly Multiaddr[],
  signal: AbortSignal,
): readonly Promise<Connection>[] {
  let before: Promise<unknown> = Promise.resolve()
  let began: number | undefined
  return STAGES.flatMap(({ path, after, timeout }) => {
    const ways = addresses.filter((one) => pathOf(one) === path).sort(byTransport)
    if (ways.length === 0) return []
    began ??= after
    const start = Promise.race([before, wait(after - began, signal)])
    const dials = staggered(ways.slice(0, MAX_PER_STAGE), { start, signal }, (address) =>
      dialOne(host, address, { signal, timeout }),
    )
    before = Promise.allSettled([before, ...dials])
    return dials
  })
}

/** Each a moment after the one before, or as soon as that has failed: what answers "no" costs no time. */
function staggered(
  ways: readonly Multiaddr[],
  { start, signal }: { readonly start: Promise<unknown>; readonly signal: AbortSignal },
  dial: (address: Multiaddr) => Promise<Connection>,
): readonly Promise<Connection>[] {
  let turn = start
  return ways.map((address) => {
    const begun = turn
    const dialled = begun.then(() => dial(address))
    const failed = new Promise<void>((resolve) => dialled.catch(() => resolve()))
    turn = begun.then(() => Promise.race([failed, wait(STAGGER_MS, signal)]))
    return dialled
  })
}

/** A socket stays tied to the signal it was dialled with, so that one must end with the dial. */
async function dialOne(
  host: Host,
  address: Multiaddr,
  { signal, timeout }: { signal: AbortSignal; timeout: number },
): Promise<Connection> {
  signal.throwIfAborted()
  const dial = new AbortController()
  const onAbort = (): void => dial.abort(signal.reason)
  const timer = setTimeout(() => dial.abort(new Error('it does not answer')), timeout)
  signal.addEventListener('abort', onAbort)
  try {
    return await host.services.transports.dial(address, { signal: dial.signal })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

function byTransport(a: Multiaddr, b: Multiaddr): number {
  return transportRank(a) - transportRank(b)
}

function transportRank(address: Multiaddr): number {
  const names = address.getComponents().map(({ name }) => name)
  const found = TRANSPORT_ORDER.findIndex((name) => names.includes(name))
  return TRANSPORT_ORDER.length - found
}

/** Resolves early, and never rejects, when the race is over: whoever waits then looks at the signal. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}

function unreachable(addresses: readonly Multiaddr[]): string {
  return addresses.length === 1
    ? 'Its one known address does not answer'
    : `None of its ${addresses.length} known addresses answers`
}
