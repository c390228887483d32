/** What `kith up` says of its account while it runs: who came, who went out, who is back, what looks stolen (CLI-61). */

import type { KithNode } from '@kithmesh/node'
import type { Report } from '../report.ts'
import { oneLine } from '../terminal-text.ts'
import { leftLines } from './status.ts'

/** Tells of each until the signal aborts. */
export function tellNews(
  node: KithNode,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): void {
  const on = { signal }
  node.addEventListener(
    'account:left',
    () => void tellLeft(node, report).catch(() => undefined),
    on,
  )
  node.addEventListener(
    'account:ready',
    ({ detail: { account, device } }) => {
      const addresses = node.addresses()
      report.event({ event: 'ready', account, device, name: node.name, addresses, ui: null })
      report.print('This device is in its account again.')
    },
    on,
  )
  node.addEventListener(
    'device:linked',
    ({ detail }) => {
      const { device, kind, linkedBy = null, historyAt } = detail
      const far = historyAt !== undefined
      const name = oneLine(detail.name)
      report.event({ event: 'device-linked', device, name, kind, linkedBy, far })
      report.print(`! "${name}" (${oneLine(kind)}) was linked${far ? ' from FAR away' : ''}.`)
      report.print(`  If that was not you: kith devices suspend "${name}"`)
    },
    on,
  )
  node.addEventListener(
    'device:removed',
    ({ detail: { name, device } }) => {
      // Of this one `account:left` says more.
      if (device !== node.device) report.print(`"${oneLine(name)}" is out of the account.`)
    },
    on,
  )
  node.addEventListener(
    'device:returned',
    ({ detail: { name } }) => {
      const shown = oneLine(name)
      report.print(`"${shown}" is back. To take it in again: kith devices readmit "${shown}"`)
    },
    on,
  )
  node.addEventListener(
    'device:forked',
    ({ detail: { own } }) => {
      const whose = own ? 'One of your devices' : 'A device of a contact'
      report.print(`! ${whose} was seen twice: a restored backup, or a stolen copy.`)
      report.print('  See which: kith devices alerts')
    },
    on,
  )
}

/** Says why this device is out, and what can be done. False while it is in. */
export async function tellLeft(node: KithNode, report: Report): Promise<boolean> {
  const { account, device, name, left } = await node.status()
  if (left === undefined) return false
  report.event({ event: 'account-left', account, device, ...left })
  report.print(...leftLines(name, left))
  return true
}
