/** What people read when the store of a device lost something (CLI-93). */

import type { KithNode, Status } from '@kithmesh/node'
import { storeDamage } from '../device/answers.ts'
import type { StatusEvent } from '../events/devices.ts'
import type { Report } from '../report.ts'
import { ago } from '../times.ts'

/** What the status says of it; nothing when the store is whole. `now`: ms since 1970 UTC. */
export function damageLines(
  { damage, devices }: Pick<StatusEvent, 'damage' | 'devices'>,
  now: number,
): readonly string[] {
  const first = damage.map(({ noticedAt }) => noticedAt).sort()[0]
  if (first === undefined) return []
  const isAlone = devices.every((device) => device.this || device.state !== 'active')
  return [`! ${LOST}, noticed ${ago(first, now)}.`, `  ${isAlone ? ALONE : FETCHING}`]
}

/** Tells of a loss, one from before this run included, and of its end, until the signal aborts. */
export async function followStore(
  node: KithNode,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): Promise<void> {
  const on = { signal }
  let isTold = false
  const tell = (damage: NonNullable<Status['damage']>): void => {
    isTold = true
    report.event({ event: 'store', state: 'damaged', damage: damage.map(storeDamage) })
    report.talk(`${LOST}. ${FETCHING}`)
  }
  node.addEventListener('store:damaged', ({ detail }) => tell(detail.damage), on)
  node.addEventListener(
    'store:healed',
    () => {
      report.event({ event: 'store', state: 'healed', damage: [] })
      report.talk('What this device had lost is here again, as far as your other devices have it.')
    },
    on,
  )
  const { damage = [] } = await node.status({ signal })
  if (damage.length > 0 && !isTold) tell(damage)
}

const LOST = 'This device lost some of what it had stored: its disk may be failing'
const FETCHING = 'It fetches that from your other devices. Leave one of them running.'
const ALONE =
  'No other device of yours has a copy. Back up what is left: kith devices link adds a device.'
