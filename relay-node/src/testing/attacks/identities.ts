import type { Libp2p } from '@libp2p/interface'
import { ask, RESERVE } from '../raw-circuit.ts'
import { createStockPeer } from '../stock-peer.ts'
import type { Attack, AttackOptions } from './attack.ts'
import { attackerAddress } from './local-address.ts'

/** Of these many at once; each is a libp2p node of its own. */
const AT_ONCE = 16
/** Nodes kept open; the oldest then makes room for the next identity. */
const MAX_HELD = 2_000

/** So many throw-away identities that each ask for a place and keep their connection. */
export function askForPlaces({ count, addresses }: AttackOptions): Attack {
  const address = addresses.find((one) => !one.includes('/ws') && one.includes('/tcp/')) ?? ''
  const { promise: full, resolve } = Promise.withResolvers<void>()
  const held: Libp2p[] = []
  const statuses = new Map<string, number>()
  let asked = 0
  const next = async (): Promise<void> => {
    const n = asked
    asked += 1
    // a tenth of them is enough of an attack for the honest to begin
    if (n >= count / 10) resolve()
    const peer = await createStockPeer({
      circuit: false,
      services: false,
      localAddress: attackerAddress(n),
    })
    held.push(peer)
    if (held.length > MAX_HELD) await held.shift()?.stop()
    const outcome = await ask(peer, address, RESERVE).then(
      ({ status }) => String(status),
      () => 'refused',
    )
    statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1)
  }
  const work = async (): Promise<void> => {
    while (asked < count) await next().catch(() => {})
  }
  const over = Promise.all(Array.from({ length: AT_ONCE }, work)).then(() => {})
  return { full, over, result: () => ({ asked, statuses: Object.fromEntries(statuses) }) }
}
