import type { AdminAddress } from '../admin/admin.ts'
import { systemClock } from '../environment.ts'
import { RelayError } from '../errors.ts'
import { keepMemorySmall } from '../hop/tidy-memory.ts'
import type { RelayLimits } from '../limits.ts'
import type { ClaimCode } from '../ownership/claim-code.ts'
import { createRelay } from '../relay.ts'
import type { Relay, RelayOptions } from '../relay-options.ts'
import { bannerOf, claimText } from './banner.ts'
import { createOutput, type Output } from './output.ts'
import { qrLines } from './qr-lines.ts'

/** The flags of `kith-relay run`, parsed. */
export interface RunFlags {
  readonly home: string
  readonly listen?: readonly string[]
  readonly publicHost?: string
  readonly admin?: AdminAddress | 'off'
  readonly stun?: { readonly port: number } | 'off'
  readonly open?: boolean
  readonly allow?: string
  readonly maxReservations?: number
  readonly maxPerAddress?: number
  readonly maxCircuits?: number
  readonly maxRate?: number
  readonly monthly?: number
  readonly usage?: boolean
  /** Seconds. */
  readonly drain: number
  readonly json?: boolean
  readonly log?: boolean
}

/** Runs a relay until SIGTERM or SIGINT. @throws what `createRelay` throws */
export async function runRelay(flags: RunFlags): Promise<void> {
  const output = createOutput(formOf(flags), systemClock.now)
  const stopped = untilSignal(output)
  surviveStrayRejections(output)
  const relay = await createRelay(optionsOf(flags))
  await announce(relay, output)
  reloadOnSignal(relay, output)
  const unfollow = followOwner(relay, output)
  const tidying = keepMemorySmall(() => relay.status())
  await stopped
  unfollow()
  tidying()
  output.talk('Stopping.')
  await relay.stop()
  output.event({ event: 'stopped' })
  // An add-on of WebRTC may hold threads: everything of ours is closed.
  process.exit(0)
}

function formOf({ json, log }: RunFlags): Output['form'] {
  if (json === true && log === true) {
    throw new RelayError('ERR_USAGE', '--json and --log are two forms of output', {
      hint: 'Use --log for a journal, --json for a script.',
    })
  }
  if (log === true) return 'log'
  return json === true ? 'json' : 'text'
}

function optionsOf(flags: RunFlags): RelayOptions {
  const { home, listen, publicHost, admin, stun, open, allow, drain } = flags
  return {
    home,
    limits: limitsOf(flags),
    drain: drain * 1000,
    ...given('listen', listen),
    ...given('publicHost', publicHost),
    ...given('admin', admin),
    ...given('stun', stun),
    ...given('open', open),
    ...given('allow', allow),
    ...given('usage', flags.usage),
  }
}

function limitsOf(flags: RunFlags): Partial<RelayLimits> {
  return {
    ...given('maxReservations', flags.maxReservations),
    ...given('maxReservationsPerAddress', flags.maxPerAddress),
    ...given('maxCircuits', flags.maxCircuits),
    ...given('maxRate', flags.maxRate),
    ...given('maxMonthly', flags.monthly),
  }
}

function given<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  const property: Partial<Record<K, V>> = {}
  if (value !== undefined) property[name] = value
  return property
}

async function announce(relay: Relay, output: Output): Promise<void> {
  const { peer, addresses, admin } = relay
  const status = relay.status()
  for (const notice of status.notices) {
    output.event({ event: 'notice', ...notice })
    output.talk(`${notice.message}\n${notice.hint}`)
  }
  const { stun } = status
  const claim = await relay.claimCode()
  output.event({
    event: 'ready',
    relay: peer,
    addresses,
    claim: claim?.code ?? null,
    admin,
    stun,
  })
  output.text(bannerOf(status, { admin }))
  if (claim !== undefined) showClaim(claim, output)
}

/** The code to copy, and below it as a QR code to scan, which then is what a small screen shows. */
export function showClaim(claim: ClaimCode, output: Output): void {
  output.text(claimText(claim))
  if (!process.stderr.isTTY) return
  for (const line of qrLines(claim.code, process.stderr.columns)) output.talk(line)
}

/** How often the terminal is brought up to date while there is a code to claim it by, and else. */
const FOLLOW_MS = 1_000
const IDLE_FOLLOW_MS = 15_000

/** Says when the relay is claimed, and shows each new code until then. @returns ends it */
function followOwner(relay: Relay, output: Output): () => void {
  let access = relay.status().access
  let shown: string | undefined
  const look = async (): Promise<void> => {
    const claim = await relay.claimCode()
    if (shown !== undefined && claim !== undefined && claim.code !== shown) {
      output.event({ event: 'claim-code', ...claim })
      showClaim(claim, output)
    }
    shown = claim?.code
    const now = relay.status().access
    if (access !== now) {
      output.event({ event: now })
      output.text('Claimed. From now on it serves the devices of its owner.')
    }
    access = now
  }
  const follow = async (): Promise<void> => {
    await look().catch(() => {})
    timer = setTimeout(follow, shown === undefined ? IDLE_FOLLOW_MS : FOLLOW_MS).unref()
  }
  let timer = setTimeout(follow, FOLLOW_MS).unref()
  return () => clearTimeout(timer)
}

/** SIGHUP reads limits and allow lists again; what is wrong in them changes nothing (RLY-84). */
function reloadOnSignal(relay: Relay, output: Output): void {
  process.on('SIGHUP', () => {
    relay.reload().then(
      () => {
        output.event({ event: 'reloaded' })
        output.talk('Limits and allow list read again.')
      },
      (error: unknown) => output.failure(error),
    )
  })
}

/** Settles at the first SIGTERM or SIGINT; the second ends the process on the spot. */
function untilSignal(output: Output): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onSignal = (): void => {
    process.once('SIGINT', () => process.exit(INTERRUPTED))
    process.once('SIGTERM', () => process.exit(INTERRUPTED))
    output.talk('')
    resolve()
  }
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  return promise
}

const INTERRUPTED = 130

/**
 * A promise that libp2p forgot, of one peer's connection, must not end the service of all others.
 * Only the kind of error is told: its text may name a peer (rule RLY-16).
 */
function surviveStrayRejections(output: Output): void {
  process.on('unhandledRejection', (reason) => {
    const name = reason instanceof Error ? reason.name : typeof reason
    output.event({ event: 'fault', name })
    output.talk(`A connection failed in an unexpected way (${name}); the relay goes on.`)
  })
}
