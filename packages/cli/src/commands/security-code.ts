import type { VerificationEvent } from '../events/contacts.ts'
import { oneLine } from '../terminal-text.ts'
import { argumentOrStdin, type CommandContext, collect } from './context.ts'

/** Longer than any code with its spaces and line breaks. */
const CODE = { maxBytes: 8192, tooLong: 'ERR_CODE_MALFORMED' } as const
/** Groups of five digits in a line, as people read them out. */
const GROUPS_IN_A_LINE = 4

/** The 60 digits of both accounts; with `qr` also the code to scan. */
export async function showCode(
  context: CommandContext,
  { contact, qr }: { readonly contact: string; readonly qr: boolean },
): Promise<void> {
  const input = { contact }
  const [code] = await collect(context, { call: 'code', input, event: 'security-code' })
  if (code === undefined) return
  const { report, io } = context
  report.print(...linesOf(code.digits))
  if (report.json) return
  if (qr) {
    const { qrLines } = await import('../qr-text.ts')
    // The symbol last: with one line and the prompt below it fills a terminal of 24 lines.
    report.print(code.qr, ...qrLines(code.qr, io.stdout))
  }
  report.talk(
    code.verified
      ? 'You have verified this contact.'
      : 'The same on both devices? Then run: kith contacts verify CONTACT',
  )
}

function linesOf(digits: string): readonly string[] {
  const groups = digits.match(/.{1,5}/g) ?? []
  return Array.from({ length: Math.ceil(groups.length / GROUPS_IN_A_LINE) }, (_, line) =>
    groups.slice(line * GROUPS_IN_A_LINE, (line + 1) * GROUPS_IN_A_LINE).join(' '),
  )
}

/** Marks a contact as verified: by hand, or by the code on the other's screen. */
export async function verifyContact(
  context: CommandContext,
  { contact, scanned }: { readonly contact: string; readonly scanned: string | undefined },
): Promise<void> {
  const read = scanned === undefined ? undefined : await argumentOrStdin(scanned, context, CODE)
  const input = { contact, scanned: read }
  const [outcome] = await collect(context, {
    call: 'contacts verify',
    input,
    event: 'verification',
  })
  if (outcome !== undefined) context.report.print(...sentencesOf(outcome))
}

function sentencesOf({ outcome, name }: VerificationEvent): readonly string[] {
  const verified = `"${oneLine(name)}" is verified, on all your devices.`
  if (outcome === 'verified') return [verified]
  return [
    verified,
    'One of the two devices knows an older list of devices. They exchange them now; compare once more later.',
  ]
}

/** Takes the verification of a contact back. */
export async function unverifyContact(context: CommandContext, contact: string): Promise<void> {
  const input = { contact }
  const [shown] = await collect(context, { call: 'contacts unverify', input, event: 'contact' })
  if (shown) context.report.print(`"${oneLine(shown.name)}" is no longer verified.`)
}

/** Accepts the new account of a contact: sending goes on. */
export async function acceptContact(context: CommandContext, contact: string): Promise<void> {
  const input = { contact }
  const [shown] = await collect(context, { call: 'contacts accept', input, event: 'contact' })
  if (shown) {
    context.report.print(
      `The new account of "${oneLine(shown.name)}" is accepted. Sending goes on.`,
    )
  }
}

/** Says that one contact is the new account of another. */
export async function replaceContact(
  context: CommandContext,
  input: { readonly contact: string; readonly by: string },
): Promise<void> {
  const [shown] = await collect(context, { call: 'contacts replace', input, event: 'contact' })
  if (shown === undefined) return
  context.report.print(`"${oneLine(shown.name)}" has a new account; the chats are one.`)
  if (shown.held) context.report.talk('Compare it with: kith code, then: kith contacts accept')
}
