import type { AdminAddress } from './admin.ts'
import { bannerOf } from './banner.ts'
import { createOutput, type Output } from './output.ts'
import { createRelay } from './relay.ts'
import type { Relay, RelayOptions } from './relay-options.ts'

/** The flags of `kith-relay run`, parsed. */
export interface RunFlags {
  readonly home: string
  readonly listen?: readonly string[]
  readonly publicHost?: string
  readonly admin?: AdminAddress | 'off'
  readonly stun?: { readonly port: number } | 'off'
  readonly open?: boolean
  readonly maxReservations?: number
  readonly maxPerAddress?: number
  readonly maxCircuits?: number
  readonly maxRate?: number
  /** Seconds. */
  readonly drain: number
  readonly json?: boolean
}

/** Runs a relay until SIGTERM or SIGINT. @throws what `createRelay` throws */
export async function runRelay(flags: RunFlags): Promise<void> {
  const output = createOutput({ json: flags.json === true })
  const stopped = untilSignal(output)
  surviveStrayRejections(output)
  const relay = await createRelay(optionsOf(flags))
  announce(relay, { output, open: flags.open === true })
  await stopped
  output.talk('Stopping.')
  await relay.stop()
  output.event({ event: 'stopped' })
  // An add-on of WebRTC may hold threads: everything of ours is closed.
  process.exit(0)
}

function optionsOf(flags: RunFlags): RelayOptions {
  const { home, listen, publicHost, admin, stun, drain } = flags
  const limits = {
    ...given('maxReservations', flags.maxReservations),
    ...given('maxReservationsPerAddress', flags.maxPerAddress),
    ...given('maxCircuits', flags.maxCircuits),
    ...given('maxRate', flags.maxRate),
  }
  return {
    home,
    limits,
    drain: drain * 1000,
    ...given('listen', listen),
    ...given('publicHost', publicHost),
    ...given('admin', admin),
    ...given('stun', stun),
  }
}

function given<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  const property: Partial<Record<K, V>> = {}
  if (value !== undefined) property[name] = value
  return property
}

function announce(relay: Relay, { output, open }: { output: Output; open: boolean }): void {
  const { peer, addresses, admin } = relay
  const status = relay.status()
  for (const notice of status.notices) {
    output.event({ event: 'notice', ...notice })
    output.talk(`${notice.message}\n${notice.hint}`)
  }
  const { stun } = status
  output.event({ event: 'ready', relay: peer, addresses, claim: null, admin, stun })
  output.text(bannerOf(status, { admin, open }))
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
