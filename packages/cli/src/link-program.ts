/** `kith link`, `kith history` and `kith devices approve`: their names, arguments and options. */

import type { Command } from 'commander'
import type { CommandContext } from './commands/context.ts'
import { CommandError } from './errors.ts'
import { ALL, type Days, parseDays, parseTime, wholeNumber } from './options.ts'

interface LinkFlags {
  readonly yes?: boolean
  readonly far?: boolean
  readonly show?: boolean
  readonly nearby?: boolean
  readonly device?: string
  readonly temporary?: number | boolean
  readonly history?: Days
}

/** How long a session lasts when no hours are given. */
const SESSION_HOURS = 12
const MAX_SESSION_HOURS = 720

/** Adds `kith link`. */
export function addLink(program: Command, context: () => CommandContext): void {
  program
    .command('link')
    .description(
      'link another device to this account: by its code, by a code shown here, or nearby',
    )
    .argument('[code]', 'the code the new device shows; - reads it from stdin')
    .option('--yes', 'do not ask')
    .option('--far', 'allow a device that is not on this network')
    .option('--show', 'show a code here, for the new device to read')
    .option('--nearby', 'link a device that waits on this network')
    .option('--device <device>', 'with --nearby: the one with this name or id')
    .option(
      '--temporary [hours]',
      `end it after so many hours (${SESSION_HOURS}); it cannot link others`,
      wholeNumber(1, MAX_SESSION_HOURS),
    )
    .option(
      '--history <days>',
      'how far back it gets messages: all, none, or so many days',
      parseDays,
    )
    .action(async (code: string | undefined, flags: LinkFlags) => {
      const commands = await import('./commands/link.ts')
      const { yes = false, far = false, device } = flags
      const hours = flags.temporary === true ? SESSION_HOURS : flags.temporary
      const { days } = flags.history ?? ALL
      const choice = { yes, far, hours: typeof hours === 'number' ? hours : undefined, days }
      const way = wayOf(code, flags)
      if (way.kind === 'code') return commands.linkByCode(context(), { ...choice, code: way.code })
      if (way.kind === 'show') return commands.linkByShowing(context(), choice)
      return commands.linkNearby(context(), { ...choice, device })
    })
}

type Way =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'show' }
  | { readonly kind: 'nearby' }

/** Exactly one way to find the device. */
function wayOf(code: string | undefined, { show = false, nearby = false, device }: LinkFlags): Way {
  const given = [code !== undefined, show, nearby].filter(Boolean).length
  if (given !== 1) {
    throw CommandError.of(
      'ERR_USAGE',
      'Give the code of the new device, or --show, or --nearby.',
      'On the new device run: kith up --new-device',
    )
  }
  if (device !== undefined && !nearby) {
    throw CommandError.of('ERR_USAGE', '--device goes with --nearby.')
  }
  if (code !== undefined) return { kind: 'code', code }
  return show ? { kind: 'show' } : { kind: 'nearby' }
}

/** Adds `kith devices approve`. */
export function addApprove(devices: Command, context: () => CommandContext): void {
  devices
    .command('approve')
    .description('let a device that was linked from afar have the history before its 24 h are over')
    .argument('<device>', 'name, id, or its beginning')
    .action(async (device: string) => {
      await (await import('./commands/link.ts')).approveHistory(context(), { device })
    })
}

/** Adds `kith history` and `kith devices history`. */
export function addHistory(
  program: Command,
  devices: Command,
  context: () => CommandContext,
): void {
  program
    .command('history')
    .description('how much of the messages of before is on this device')
    .option('--digest', 'what two devices compare to see that they have the same')
    .option('--since <time>', 'with --digest: only of what was said from then on', parseTime)
    .action(async (flags: { readonly digest?: boolean; readonly since?: number }) => {
      const { digest = false, since } = flags
      if (since !== undefined && !digest) {
        throw CommandError.of('ERR_USAGE', '--since goes with --digest.')
      }
      await (await import('./commands/history.ts')).showHistory(context(), { digest, since })
    })
  devices
    .command('history')
    .description('let a device have messages from so far back')
    .argument('<device>', 'name, id, or its beginning')
    .argument('<days>', 'all, none, or so many days', parseDays)
    .action(async (device: string, { days }: Days) => {
      await (await import('./commands/history.ts')).allowHistory(context(), { device, days })
    })
}
