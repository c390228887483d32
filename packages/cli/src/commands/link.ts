/** `kith link`: another device comes into this account (CLI-18, CLI-70 to CLI-73). */

import { CommandError } from '../errors.ts'
import type { AnswerEvent } from '../events.ts'
import type { LinkAnswer, Seen } from '../local/local-protocol.ts'
import { oneLine } from '../terminal-text.ts'
import { argumentOrStdin, ask, type CommandContext, collect } from './context.ts'
import { askWhetherSame, grouped } from './digits.ts'
import { showLinkCode } from './link-code.ts'
import { chooseNearby } from './nearby.ts'

/** How a person links a device. */
export interface LinkChoice {
  /** Confirm without asking, and so without comparing. */
  readonly yes: boolean
  /** Allow a device that is not near. */
  readonly far: boolean
  /** End it after so many hours; undefined: it stays. */
  readonly hours: number | undefined
  /** How far back it gets messages: 0 for none, undefined for all. */
  readonly days: number | undefined
}

/** Longer than any code with its spaces and line breaks. */
const CODE = { maxBytes: 8192, tooLong: 'ERR_CODE_MALFORMED' } as const

/** Links the device that shows the code to this account. */
export async function linkByCode(
  context: CommandContext,
  choice: LinkChoice & { readonly code: string },
): Promise<void> {
  requireSomebodyToAsk(context, choice)
  const code = await argumentOrStdin(choice.code, context, CODE)
  const { far, hours, days } = choice
  await ask(
    context,
    { call: 'link', input: { code, far, hours, days } },
    {
      onEvent: (event) => tell(event, context),
      confirm: (seen, options) => confirmDevice(seen, { context, choice, ...options }),
    },
  )
}

/** Shows a code for the new device to read. Whoever photographs it could dial first: so digits are typed. */
export async function linkByShowing(context: CommandContext, choice: LinkChoice): Promise<void> {
  // `--yes` would let in whoever comes first with the code.
  requireSomebodyToAsk(context, {
    yes: false,
    hint: 'Run it in a terminal, or give the code of the new device: kith link CODE --yes',
  })
  const { far, hours, days } = choice
  const { qrLines } = await import('../qr-text.ts')
  const before = 'On the new device run:'
  const command = (code: string): string => `kith up --new-device --code ${code}`
  await ask(
    context,
    { call: 'link show', input: { far, hours, days } },
    {
      onEvent: (event) => {
        if (event.event === 'link-code')
          showLinkCode(event, { ...context, before, command, qrLines })
        tell(event, context)
      },
      confirm: (seen, options) => {
        showDevice(seen, context)
        return askForDigits(seen, { context, ...options })
      },
    },
  )
}

/** Links a device that waits on this network. */
export async function linkNearby(
  context: CommandContext,
  choice: LinkChoice & { readonly device: string | undefined },
): Promise<void> {
  requireSomebodyToAsk(context, choice)
  const device = await chooseNearby(context, { device: choice.device, ask: canAsk(context) })
  const { hours, days } = choice
  await ask(
    context,
    { call: 'link nearby', input: { device, hours, days } },
    {
      onEvent: (event) => tell(event, context),
      confirm: (seen, options) => confirmDevice(seen, { context, choice, ...options }),
    },
  )
}

/** Lifts the wait of a device that was linked from afar. */
export async function approveHistory(
  context: CommandContext,
  input: { readonly device: string },
): Promise<void> {
  const [device] = await collect(context, { call: 'devices approve', input, event: 'device' })
  if (device === undefined) return
  context.report.print(`"${oneLine(device.name)}" gets the history from now on.`)
}

/** @throws ERR_CONFIRMATION_NEEDED */
function requireSomebodyToAsk(
  context: CommandContext,
  { yes, hint }: Pick<LinkChoice, 'yes'> & { readonly hint?: string },
): void {
  if (yes || canAsk(context)) return
  throw CommandError.of(
    'ERR_CONFIRMATION_NEEDED',
    'A new device must be confirmed, and there is no terminal to ask on.',
    hint,
  )
}

/** A question needs a keyboard to answer it and a screen to read it. */
function canAsk({ io }: CommandContext): boolean {
  return io.stdin.isTTY && io.stderr.isTTY
}

function tell(event: AnswerEvent, context: CommandContext): void {
  const { report } = context
  if (event.event === 'linked') report.print(`"${oneLine(event.name)}" is linked.`)
  if (event.event !== 'link-state') return
  if (event.state === 'seen') report.talk('Found the device.')
  if (event.state === 'syncing') report.talk(`Giving it the account data: ${event.percent ?? 0} %`)
  if (event.state === 'failed') {
    report.talk(`Not linked: ${oneLine(event.message ?? '')} (${event.code ?? ''})`)
  }
}

interface Question {
  readonly context: CommandContext
  readonly signal: AbortSignal
}

async function confirmDevice(
  seen: Seen,
  { context, choice, signal }: Question & { readonly choice: LinkChoice },
): Promise<LinkAnswer> {
  showDevice(seen, context)
  if (seen.distance === 'far' && !choice.yes) {
    context.report.show('Whoever has it will read your messages.')
    return askForDigits(seen, { context, signal })
  }
  context.report.show(`  Digits     ${grouped(seen.digits)}`)
  if (choice.yes) return true
  const answer = await askWhetherSame(context.io, signal)
  if (answer === true) context.report.talk('Waiting for a yes on the new device …')
  return answer
}

function showDevice({ name, device, kind, distance }: Seen, { report }: CommandContext): void {
  const shown = oneLine(name).trim() || device.slice(-8)
  const where = distance === 'near' ? 'near: on this network' : 'FAR: not on this network'
  report.show(`Device "${shown}" (${oneLine(kind)}), ${where}`)
}

/** Typed from the other screen, never shown on this one: nobody types what is not there. */
async function askForDigits({ digits }: Seen, { context, signal }: Question): Promise<LinkAnswer> {
  const typed = await context.io.ask('Type the six digits that the new device shows: ', { signal })
  const given = typed?.replaceAll(/[\s-]/g, '') ?? ''
  if (given === '') return false
  return given === digits ? true : 'differ'
}
