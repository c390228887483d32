/** Relays: what the running device does for `kith relay`. */

import type { RelayStatus } from '@kithmesh/node'
import type { RelayEvent } from '../events/relay.ts'
import type { CallInput } from '../local/calls.ts'
import type { Serving } from './served.ts'

/** Longest reason a command takes. */
const REASON_MAX = 1024

export async function listRelays(_: CallInput<'relays'>, serving: Serving): Promise<void> {
  await tell(await serving.node.relays.list({ signal: serving.signal }), serving)
}

export async function addRelay(
  { address }: CallInput<'relay add'>,
  serving: Serving,
): Promise<void> {
  await tell(await serving.node.relays.add(address, { signal: serving.signal }), serving)
}

export async function removeRelay(
  { address }: CallInput<'relay remove'>,
  serving: Serving,
): Promise<void> {
  await tell(await serving.node.relays.remove(address, { signal: serving.signal }), serving)
}

export async function claimRelay(
  { code }: CallInput<'relay claim'>,
  serving: Serving,
): Promise<void> {
  await tell(await serving.node.relays.claim(code, { signal: serving.signal }), serving)
}

export async function relayUsage(
  { address }: CallInput<'relay usage'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  for (const day of await node.relays.usage(address, { signal })) {
    await emit({ event: 'relay-usage', ...day })
  }
}

async function tell(relays: readonly RelayStatus[], { emit }: Serving): Promise<void> {
  for (const relay of relays) await emit(relayEvent(relay))
}

function relayEvent({ address, state, reason }: RelayStatus): RelayEvent {
  return { event: 'relay', address, state, reason: reason?.slice(0, REASON_MAX) ?? null }
}
