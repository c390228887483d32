import type { KithNode, LinkAnswer, LinkState, SeenLinker } from '@kithmesh/node'
import { linkStateEvent } from '../device/answers.ts'
import { itemsUntilAborted } from '../device/items.ts'
import type { Io } from '../io.ts'
import type { Report } from '../report.ts'
import { oneLine } from '../terminal-text.ts'
import { askWhetherSame, grouped } from './digits.ts'
import { showLinkCode } from './link-code.ts'

/** Where the codes are shown, and until when. */
export interface Offering {
  readonly io: Io
  readonly report: Report
  readonly signal: AbortSignal
}

/** Shows link codes until a device of an account has linked this one (CLI-19). */
export async function offerLink(node: KithNode, offering: Offering): Promise<void> {
  const { report, signal } = offering
  const confirm = confirmFor(offering)
  const { qrLines } = await import('../qr-text.ts')
  const offer = await node.linking.offer({ confirm, signal })
  let shown = ''
  try {
    for await (const state of itemsUntilAborted(offer.states({ signal }), signal)) {
      if (state.state === 'done') return tellLinked(state, report)
      if (state.state !== 'waiting') tellProgress(state, report)
      else if (state.code !== shown) {
        shown = state.code
        const event = { code: state.code, expiresInMs: Math.floor(state.expiresInMs) }
        report.event({ event: 'link-code', ...event })
        const before = 'On a device of your account run:'
        showLinkCode(event, {
          ...offering,
          before,
          command: (code) => `kith link ${code}`,
          qrLines,
        })
      }
    }
  } finally {
    await offer.close()
  }
}

/** Joins by the code that a device of the account shows (CLI-74). */
export async function joinByCode(node: KithNode, given: string, offering: Offering): Promise<void> {
  const { report, signal, io } = offering
  const code = given === '-' ? await askForCode(io, signal) : given
  const onState = (state: LinkState): void => {
    if (state.state === 'done') tellLinked(state, report)
    // The command ends with that failure, and then says it.
    else if (state.state === 'failed') report.event(linkStateEvent(state))
    else if (state.state !== 'waiting') tellProgress(state, report)
  }
  await node.linking.join(code, { confirm: confirmFor(offering), onState, signal })
}

/** Longer than any code with its spaces and line breaks. */
const CODE_BYTES = 8192

async function askForCode(io: Io, signal: AbortSignal): Promise<string> {
  if (io.stdin.isTTY && io.stderr.isTTY) {
    return (await io.ask('The code on the other device: ', { signal })) ?? ''
  }
  return new TextDecoder().decode(await io.stdin.read({ maxBytes: CODE_BYTES }))
}

/** At a terminal a person compares; else the digits are printed, and the other device decides alone. */
function confirmFor({
  io,
  report,
  signal: stopping,
}: Offering): (seen: SeenLinker, options: { readonly signal: AbortSignal }) => Promise<LinkAnswer> {
  return async ({ name, kind, digits }, { signal }) => {
    report.show(
      `"${oneLine(name)}" (${oneLine(kind)}) wants to link this device.`,
      `  Digits     ${grouped(digits)}`,
    )
    if (report.json || !io.stdin.isTTY || !io.stderr.isTTY) return true
    const until = AbortSignal.any([signal, stopping])
    const answer = await askWhetherSame(io, until)
    if (answer === true) report.talk('Waiting for a yes on the other device …')
    return answer
  }
}

function tellLinked(
  { account, device }: Extract<LinkState, { readonly state: 'done' }>,
  report: Report,
): void {
  report.event({ event: 'linked', account, device })
  report.talk(`Linked to account ${account}.`)
}

function tellProgress(state: LinkState, report: Report): void {
  report.event(linkStateEvent(state))
  if (state.state === 'seen') report.talk('A device of the account is here.')
  if (state.state === 'syncing')
    report.talk(`Getting the account data: ${Math.floor(state.percent)} %`)
  if (state.state === 'failed') {
    report.talk(`Not linked: ${oneLine(state.message)} (${state.code})`)
  }
}
