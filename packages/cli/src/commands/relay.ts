/** `kith relay`: the relays of this device, and whether one can be reached. */

import { CommandError } from '../errors.ts'
import type { ProbeEvent, RelayEvent, RelayUsageEvent } from '../events/relay.ts'
import { EXIT } from '../exit-codes.ts'
import type { CallInput } from '../local/calls.ts'
import { oneLine } from '../terminal-text.ts'
import { ask, type CommandContext, collect } from './context.ts'

type RelayCall = 'relays' | 'relay add' | 'relay remove' | 'relay claim'

/** Asks the device something about its relays, and shows those it has then. */
export async function showRelays<N extends RelayCall>(
  context: CommandContext,
  { call, input }: { readonly call: N; readonly input: CallInput<N> },
): Promise<void> {
  const relays = await collect(context, { call, input, event: 'relay' })
  const { report } = context
  if (relays.length === 0)
    report.talk('No relays. Add one with: kith relay claim CODE, or: kith relay add ADDR')
  report.print(...relays.map(relayLine))
}

/** Makes this account the owner of the relay that shows the code. */
export async function claimRelay(context: CommandContext, code: string): Promise<void> {
  await showRelays(context, { call: 'relay claim', input: { code } })
  context.report.talk('It serves the devices of this account now, and whoever dials them.')
  context.report.talk('On your other devices: kith relay add ADDRESS')
}

function relayLine({ address, state, reason }: RelayEvent): string {
  const why = reason === null ? '' : `  ${oneLine(reason)}`
  return `${state.padEnd(11)}${oneLine(address)}${why}`
}

/** What relays forwarded for this account, by their own word (CLI-105). */
export async function showUsage(context: CommandContext, address?: string): Promise<void> {
  const input = address === undefined ? {} : { address }
  const days = await collect(context, { call: 'relay usage', input, event: 'relay-usage' })
  const { report } = context
  if (days.length === 0) {
    report.talk('Nothing yet, or no relay that can be reached keeps sums.')
    report.talk('A relay keeps them when it runs with: kith-relay run --usage')
  }
  report.print(...days.map(usageLine))
}

function usageLine({ relay, day, bytes, circuits }: RelayUsageEvent): string {
  const megabytes = `${(bytes / 1_000_000).toFixed(1)} MB`
  return `${oneLine(day)}  ${megabytes.padStart(12)}  ${String(circuits).padStart(6)} circuits  ${oneLine(relay)}`
}

/** Tries each hop of a relay from here; the exit code says whether all held (CLI-100). */
export async function testRelay(context: CommandContext, address: string): Promise<number> {
  const { report, signal, io } = context
  const { probeRelay } = await import('@kithmesh/node')
  const device = await deviceOn(context, address)
  const clock = { now: io.now, monotonic: io.now }
  let isWell = true
  const options = { clock, signal, ...(device === undefined ? {} : { device }) }
  for await (const probe of probeRelay(address, options)) {
    report.event({ event: 'probe', ...probe })
    report.print(...probeLines({ event: 'probe', ...probe }))
    isWell &&= probe.ok
  }
  return isWell ? EXIT.ok : EXIT.unreachable
}

/** The running device, when it holds a place on that very relay: then that is what has to be reached. */
async function deviceOn(context: CommandContext, address: string): Promise<string | undefined> {
  const relay = /\/p2p\/(\w+)$/.exec(address)?.[1] ?? ''
  let device: string | undefined
  const silent = { ...context, report: { ...context.report, event: () => {} } }
  const onEvent = (event: { readonly event: string }): void => {
    if (event.event !== 'status' || !isStatus(event)) return
    const isHeld = event.relays.some((one) => one.state === 'ready' && one.address.endsWith(relay))
    if (isHeld) device = event.device
  }
  try {
    await ask(silent, { call: 'status', input: {} }, { onEvent })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
  }
  return device
}

interface StatusPart {
  readonly device: string
  readonly relays: readonly { readonly address: string; readonly state: string }[]
}

function isStatus(event: object): event is StatusPart {
  return 'relays' in event && Array.isArray(event.relays) && 'device' in event
}

function probeLines({ hop, ok, ms, detail, hint }: ProbeEvent): readonly string[] {
  const line = `${ok ? '✓' : '✗'} ${hop.padEnd(14)}${String(ms).padStart(5)} ms  ${oneLine(detail ?? '')}`
  return hint === undefined ? [line.trimEnd()] : [line.trimEnd(), `  → ${oneLine(hint)}`]
}
