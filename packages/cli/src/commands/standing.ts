/** `kith devices unlink`, `suspend`, `readmit`, `leave`, `alerts`: who is in the account (CLI-60 to CLI-62). */

import { CommandError } from '../errors.ts'
import type { AlertEvent, DeviceEvent } from '../events/devices.ts'
import { oneLine } from '../terminal-text.ts'
import { ago } from '../times.ts'
import { type CommandContext, collect } from './context.ts'

/** Puts a device out for good. */
export async function unlinkDevice(
  context: CommandContext,
  { device: given, yes }: { readonly device: string; readonly yes: boolean },
): Promise<void> {
  await confirm(context, {
    yes,
    question: `Unlink "${oneLine(given)}" and every device it linked, for good? [y/N] `,
  })
  const input = { device: given }
  const [device] = await collect(context, { call: 'devices unlink', input, event: 'device' })
  if (device === undefined) return
  const { report } = context
  report.print(`"${oneLine(device.name)}" is unlinked. What it has already stays on it.`)
}

/** Puts a device out until it is readmitted. */
export async function suspendDevice(
  context: CommandContext,
  input: { readonly device: string },
): Promise<void> {
  const [device] = await collect(context, { call: 'devices suspend', input, event: 'device' })
  if (device === undefined) return
  context.report.print(
    `"${oneLine(device.name)}" is suspended: it gets nothing more.`,
    `  To take it back    kith devices readmit ${quoted(device)}`,
    `  To end it for good kith devices unlink ${quoted(device)}`,
  )
}

/** Takes a suspended device back. */
export async function readmitDevice(
  context: CommandContext,
  input: { readonly device: string },
): Promise<void> {
  const [device] = await collect(context, { call: 'devices readmit', input, event: 'device' })
  if (device === undefined) return
  const isIn = device.state === 'active'
  context.report.print(
    isIn
      ? `"${oneLine(device.name)}" is in again. It catches up when it is on.`
      : `"${oneLine(device.name)}" is readmitted, and still ${device.state}.`,
  )
}

/** This device leaves its account. */
export async function leaveAccount(
  context: CommandContext,
  { yes }: { readonly yes: boolean },
): Promise<void> {
  await confirm(context, { yes, question: 'Take this device out of the account? [y/N] ' })
  const [device] = await collect(context, { call: 'devices leave', input: {}, event: 'device' })
  if (device === undefined) return
  context.report.print('This device has left the account. It keeps what it has.')
}

/** Devices that were seen to be copies. */
export async function showAlerts(context: CommandContext): Promise<void> {
  const alerts = await collect(context, { call: 'devices alerts', input: {}, event: 'alert' })
  const { report, io } = context
  if (alerts.length === 0) return report.print('No device was seen to be a copy.')
  for (const alert of alerts) report.print(...alertLines(alert, io.now()))
}

function alertLines(alert: AlertEvent, now: number): readonly string[] {
  const whose = alert.own
    ? `your device "${oneLine(alert.name)}"`
    : `a device of "${oneLine(alert.name)}"`
  const next = alert.own
    ? '  If you did not put back a backup of it: kith devices suspend'
    : '  Ask them whether they put back a backup of it.'
  return [`! Seen twice, ${ago(alert.at, now)}: ${whose}`, `  ${alert.device}`, next]
}

/** @throws ERR_CONFIRMATION_NEEDED */
async function confirm(
  { io, signal }: CommandContext,
  { yes, question }: { readonly yes: boolean; readonly question: string },
): Promise<void> {
  if (yes) return
  if (!io.stdin.isTTY || !io.stderr.isTTY) {
    throw CommandError.of(
      'ERR_CONFIRMATION_NEEDED',
      'That must be confirmed, and there is no terminal to ask on.',
    )
  }
  const answer = await io.ask(question, { signal })
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return
  throw CommandError.of(
    'ERR_CONFIRMATION_NEEDED',
    'It was not confirmed: nothing was changed.',
    'If you want it, run the same command again and answer y.',
  )
}

/** As it can be typed again. */
function quoted({ name, device }: DeviceEvent): string {
  return /^[\w-]+$/.test(name) ? name : device
}
