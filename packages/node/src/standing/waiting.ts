import type { AccountId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import { openAddresses } from '../addresses.ts'
import { openCards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { startPeers } from '../greeting/peers.ts'
import { openAccountEpochs } from './account-epochs.ts'
import { createEpochHandover } from './epoch-handover.ts'
import { createLogIntake } from './log-intake.ts'

/**
 * What a device does that is out of its account and may come back: it greets the account's devices and
 * shows its log, so that it hears when it was readmitted. It serves nobody and says nothing else (OUT-8).
 */
export async function startWaiting(
  context: DeviceContext,
  { account, logs }: { readonly account: AccountId; readonly logs: DeviceLogs },
): Promise<void> {
  const cards = await openCards(context)
  const addresses = await openAddresses(context)
  const epochs = await openAccountEpochs(context, { account, logs })
  const handover = createEpochHandover(context, { account, ring: epochs.ring, cards })
  const dropping = { stage: async () => [] }
  const intake = createLogIntake(context, { account, logs, epochs, dropping })
  const isContact = (): boolean => false
  startPeers(context, { account, logs, intake, handover, cards, addresses, isContact })
}
