import { CommandError } from '../errors.ts'
import type { AnswerEvent } from '../events.ts'
import type { Seen } from '../local/calls.ts'
import { oneLine } from '../terminal-text.ts'
import { argumentOrStdin, ask, type CommandContext } from './context.ts'

/** How a person links a device. */
export interface LinkChoice {
  readonly code: string
  /** Confirm without asking. */
  readonly yes: boolean
  /** Allow a device that is not near. */
  readonly far: boolean
}

/** Longer than any code with its spaces and line breaks. */
const CODE = { maxBytes: 8192, tooLong: 'ERR_CODE_MALFORMED' } as const

/** Links the device that shows the code to this account (CLI-18). */
export async function linkDevice(context: CommandContext, choice: LinkChoice): Promise<void> {
  if (!choice.yes && !canAsk(context)) {
    throw CommandError.of(
      'ERR_CONFIRMATION_NEEDED',
      'A new device must be confirmed, and there is no terminal to ask on.',
    )
  }
  const code = await argumentOrStdin(choice.code, context, CODE)
  await ask(
    context,
    { call: 'link', input: { code, far: choice.far } },
    {
      onEvent: (event) => tell(event, context),
      confirm: (seen) => confirmDevice(seen, { context, choice }),
    },
  )
}

/** A question needs a keyboard to answer it and a screen to read it. */
function canAsk({ io }: CommandContext): boolean {
  return io.stdin.isTTY && io.stderr.isTTY
}

function tell(event: AnswerEvent, { report }: CommandContext): void {
  if (event.event === 'linked') report.print(`"${oneLine(event.name)}" is linked.`)
  if (event.event !== 'link-state') return
  if (event.state === 'seen') report.talk('Found the device.')
  if (event.state === 'syncing') report.talk(`Giving it the account data: ${event.percent ?? 0} %`)
}

async function confirmDevice(
  seen: Seen,
  { context, choice }: { readonly context: CommandContext; readonly choice: LinkChoice },
): Promise<boolean> {
  const name = shownName(seen)
  const near = seen.distance === 'near'
  context.report.show(
    `Device "${name}" (${oneLine(seen.kind)}), ${near ? 'near: on this network' : 'FAR: not on this network'}`,
  )
  if (choice.yes) return true
  const { io, signal } = context
  if (near) return isYes(await io.ask('Link it to your account? [y/N] ', { signal }))
  const typed = await io.ask('Whoever has it will read your messages. Type its name to link it: ', {
    signal,
  })
  return typed?.trim() === name
}

/** A name that shows nothing cannot be typed; the end of the id can. */
function shownName({ name, device }: Seen): string {
  const shown = oneLine(name).trim()
  return shown === '' ? device.slice(-8) : shown
}

function isYes(answer: string | undefined): boolean {
  return /^y(es)?$/i.test(answer?.trim() ?? '')
}
