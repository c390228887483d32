import type { KithNode, LinkState } from '@kithmesh/node'
import { linkStateEvent } from '../device/answers.ts'
import { itemsUntilAborted } from '../device/items.ts'
import type { Io } from '../io.ts'
import type { Report } from '../report.ts'
import { oneLine } from '../terminal-text.ts'

/** Where the codes are shown, and until when. */
export interface Offering {
  readonly io: Io
  readonly report: Report
  readonly signal: AbortSignal
}

/** Shows link codes until a device of an account has linked this one (CLI-19). */
export async function offerLink(node: KithNode, offering: Offering): Promise<void> {
  const { report, signal } = offering
  const offer = await node.linking.offer({ signal })
  let shown = ''
  try {
    for await (const state of itemsUntilAborted(offer.states({ signal }), signal)) {
      if (state.state === 'done') {
        report.event({ event: 'linked', account: state.account, device: state.device })
        report.talk(`Linked to account ${state.account}.`)
        return
      }
      if (state.state !== 'waiting') tellProgress(state, report)
      else if (state.code !== shown) {
        shown = state.code
        await showCode(state, offering)
      }
    }
  } finally {
    await offer.close()
  }
}

type Waiting = Extract<LinkState, { readonly state: 'waiting' }>

/** The text first, the QR last: on 24 lines the QR is what must be on the screen. */
async function showCode({ code, expiresInMs }: Waiting, { io, report }: Offering): Promise<void> {
  report.event({ event: 'link-code', code, expiresInMs: Math.floor(expiresInMs) })
  const { qrLines } = await import('../qr-text.ts')
  report.show(
    'On a device of your account run:',
    `kith link ${code}`,
    ...qrLines(code, io.stderr),
    `Or scan it. A new code comes in ${Math.ceil(expiresInMs / 1000)} s.`,
  )
}

function tellProgress(state: LinkState, report: Report): void {
  report.event(linkStateEvent(state))
  if (state.state === 'seen') report.talk('A device of the account is here.')
  if (state.state === 'confirm') report.talk('Confirm on the other device.')
  if (state.state === 'syncing')
    report.talk(`Getting the account data: ${Math.floor(state.percent)} %`)
  if (state.state === 'failed') {
    report.talk(`Not linked: ${oneLine(state.message)} (${state.code})`)
  }
}
