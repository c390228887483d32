/** Which of the devices that wait on this network is meant (CLI-71). */

import { CommandError } from '../errors.ts'
import type { NearbyEvent } from '../events/linking.ts'
import { oneLine } from '../terminal-text.ts'
import { type CommandContext, collect } from './context.ts'

/** How long to look for a device, and for others once there is one, in ms. */
const LOOK_MS = 10_000
const OTHERS_MS = 1_500

/** The id of the device meant. @throws ERR_NOT_FOUND, ERR_AMBIGUOUS */
export async function chooseNearby(
  context: CommandContext,
  { device, ask }: { readonly device: string | undefined; readonly ask: boolean },
): Promise<string> {
  const { report, io, signal } = context
  report.talk('Looking for devices on this network …')
  const input = { lookMs: LOOK_MS, othersMs: OTHERS_MS, device }
  const found = await collect(context, { call: 'nearby', input, event: 'nearby' })
  for (const one of found)
    report.show(`  ${oneLine(one.name)} (${oneLine(one.kind)}) ${one.device}`)
  const fitting = device === undefined ? found : found.filter((one) => fits(device, one))
  const [first, ...others] = fitting
  if (first === undefined) throw notFound(device)
  if (others.length === 0) return first.device
  if (!ask) throw severalFound(fitting)
  const answer = await io.ask('Which one? Its name or the beginning of its id: ', { signal })
  const meant = fitting.filter((one) => fits(answer?.trim() ?? '', one))
  const [chosen] = meant
  if (chosen !== undefined && meant.length === 1) return chosen.device
  throw severalFound(fitting)
}

/** By name, id, or at least six characters of the id: from its beginning or its end, which tells more. */
function fits(given: string, { device, name }: NearbyEvent): boolean {
  if (given === '') return false
  if (given === device || oneLine(name).toLowerCase() === given.toLowerCase()) return true
  return given.length >= 6 && (device.startsWith(given) || device.endsWith(given))
}

function notFound(device: string | undefined): CommandError {
  return CommandError.of(
    'ERR_NOT_FOUND',
    device === undefined
      ? 'No device on this network waits to be linked.'
      : `No device "${oneLine(device)}" on this network waits to be linked.`,
    'On the new device run: kith up --new-device',
  )
}

function severalFound(found: readonly NearbyEvent[]): CommandError {
  const listed = found.map(({ name, device }) => `${oneLine(name)} (${device})`).join(', ')
  return CommandError.of(
    'ERR_AMBIGUOUS',
    `${found.length} devices wait on this network: ${listed}.`,
    'Name one: kith link --nearby --device DEVICE',
  )
}
