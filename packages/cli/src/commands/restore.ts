/** `kith recovery restore`: a new device begins the account again, with its words (CLI-46). */

import type { RecoveryPlan } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import type { RecoveryPlanEvent } from '../events/safety.ts'
import { oneLine } from '../terminal-text.ts'
import { isoTime, localMinute } from '../times.ts'
import type { CommandContext } from './context.ts'
import { fileOrStdin } from './file.ts'

/** What a person gave. */
export interface RestoreChoice {
  readonly wordsFile: string | undefined
  readonly from: readonly string[]
  readonly keep: readonly string[]
  readonly yes: boolean
  readonly name: string | undefined
  readonly relays: readonly string[]
  readonly lan: boolean
}

/** Names may be of any length elsewhere. */
const NAME_MAX = 256

/** Recovers into the home, and stops: the next `kith up` runs the device. */
export async function restoreAccount(
  context: CommandContext,
  choice: RestoreChoice,
): Promise<void> {
  const { io, report, home, signal } = context
  requireAnswers(context, choice)
  const words = await readWords(context, choice.wordsFile)
  report.talk('Starting …')
  const { createNode } = await io.loadNode()
  const { name, relays, lan, from, keep } = choice
  const named = name === undefined ? {} : { name }
  await using node = await createNode({ home, relays, lan, newDevice: true, signal, ...named })
  report.talk('Asking who is left …')
  const confirm = (plan: RecoveryPlan): Promise<boolean> => confirmPlan(plan, context, choice)
  const { account, device, kept } = await node.recovery.restore(words, {
    from,
    keep,
    confirm,
    signal,
  })
  report.event({ event: 'recovered', account, device, kept })
  report.print(
    `The account is yours again. This device is "${oneLine(node.name)}".`,
    '  Next  kith up',
  )
}

/** Neither the words nor the confirmation wait for a terminal that is not there (CLI-8). */
function requireAnswers({ io }: CommandContext, { wordsFile, yes }: RestoreChoice): void {
  const canAsk = io.stdin.isTTY && io.stderr.isTTY
  if (canAsk || (wordsFile !== undefined && yes)) return
  throw CommandError.of(
    'ERR_CONFIRMATION_NEEDED',
    'The words and a confirmation are needed, and there is no terminal to ask on.',
    'Run it in a terminal, or add --words-file FILE and --yes.',
  )
}

async function readWords(context: CommandContext, file: string | undefined): Promise<string> {
  if (file !== undefined) return fileOrStdin(file, context)
  const { io, signal } = context
  return (await io.ask('Your 12 recovery words, in order: ', { signal })) ?? ''
}

async function confirmPlan(
  plan: RecoveryPlan,
  { io, report, signal }: CommandContext,
  { yes }: RestoreChoice,
): Promise<boolean> {
  report.event(planEvent(plan))
  report.show(...planLines(plan))
  if (yes) return true
  const answer = await io.ask('Recover the account onto this device? [y/N] ', { signal })
  return /^y(es)?$/i.test(answer?.trim() ?? '')
}

function planEvent(plan: RecoveryPlan): RecoveryPlanEvent {
  const { account, contacts, starred, settings, fromRemoved, history, copyMadeAt } = plan
  return {
    event: 'recovery-plan',
    account,
    name: plan.name.slice(0, NAME_MAX),
    since: isoTime(plan.since),
    devices: plan.devices.map(({ device, name, kind, kept, answered }) => {
      return { device, name: name.slice(0, NAME_MAX), kind, kept, answered }
    }),
    contacts,
    starred,
    settings,
    copyMadeAt: copyMadeAt === undefined ? null : isoTime(copyMadeAt),
    fromRemoved,
    history,
    sources: plan.sources.map(({ device, own, name }) => {
      return { device, own, name: name.slice(0, NAME_MAX) }
    }),
  }
}

function planLines(plan: RecoveryPlan): readonly string[] {
  const quoted = (names: readonly { readonly name: string }[]): string =>
    names.map(({ name }) => `"${oneLine(name)}"`).join(', ')
  const kept = plan.devices.filter((device) => device.kept)
  const out = plan.devices.filter((device) => !device.kept)
  const name = plan.name === '' ? 'without a name' : `"${oneLine(plan.name)}"`
  return [
    `Account ${name}, made ${localMinute(isoTime(plan.since))}.`,
    `  Asked      ${quoted(plan.sources)}`,
    `  Stays      this device${kept.length > 0 ? `, ${quoted(kept)}` : ''}`,
    `  Will be out, for good: ${out.length > 0 ? quoted(out) : 'none'}`,
    ...comesBack(plan),
    ...doesNotComeBack(plan),
  ]
}

function comesBack(plan: RecoveryPlan): readonly string[] {
  const { contacts, starred, settings, copyMadeAt } = plan
  if (copyMadeAt === undefined) {
    return ['  Comes back who you are to your contacts, and the contacts that were asked.']
  }
  return [
    `  Comes back contacts ${contacts}, stars ${starred}, settings ${settings}, as of ${localMinute(isoTime(copyMadeAt))}`,
    ...(plan.fromRemoved
      ? ['  ! A device that was removed made that copy: look at the contacts with care.']
      : []),
  ]
}

function doesNotComeBack({ history, copyMadeAt }: RecoveryPlan): readonly string[] {
  const data =
    copyMadeAt === undefined ? ['names, stars and settings: nobody asked has a copy'] : []
  const messages =
    history === 'kept-devices'
      ? 'messages that no device that stays has; the others come from it'
      : 'messages: no device stays that has them'
  const lines = [messages, ...data, 'what was waiting to be sent on devices that are out']
  return lines.map((line, at) => `  ${at === 0 ? 'Is lost   ' : '          '} ${line}`)
}
