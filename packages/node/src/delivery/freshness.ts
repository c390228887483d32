import { type DeviceId, equalBytes, type Freshness, type Party } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'

/**
 * Acts on the heads of device logs that a genuine envelope names: where one is another than here, this
 * device greets its sender, and both hold the same afterwards (MSG-7, A7). Once for each pair of pictures,
 * so that heads that stay different, as those of two versions might, are not a greeting per message.
 */
export function createFreshness(
  { logger }: Pick<DeviceContext, 'logger'>,
  {
    own,
    logs,
    peers,
  }: {
    readonly own: Party['account']
    readonly logs: DeviceLogs
    readonly peers: Pick<Peers, 'greet'>
  },
): (from: Party, said: Freshness) => void {
  const settled = new Map<DeviceId, readonly Uint8Array[]>()

  return ({ account, device }, said) => {
    const here = { theirs: logs.get(account)?.head, ours: logs.get(own)?.head }
    if (!here.theirs || !here.ours) return
    if (equalBytes(here.theirs, said.sender) && equalBytes(here.ours, said.recipient)) return
    const pictures = [here.theirs, here.ours, said.sender, said.recipient]
    const before = settled.get(device)
    if (before && pictures.every((head, at) => equalBytes(head, before[at] ?? NONE))) return
    settled.set(device, pictures)
    logger.debug('a message names other device logs than ours: greeting its sender')
    peers.greet(device)
  }
}

const NONE = new Uint8Array()
