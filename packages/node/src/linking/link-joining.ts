import {
  type AccountId,
  agreeToLink,
  type Linked,
  type LinkMet,
  readLinkGrant,
  sayReady,
} from '@kithmesh/protocol'
import { epochKeysCodec } from '@kithmesh/sync'
import { membershipOps } from '../account/account.ts'
import { awaitedOps } from '../account/history-progress.ts'
import type { AskPerson, LinkState, SeenLinker } from '../api/linking.ts'
import { openCards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { shownName } from '../names.ts'
import { askPerson, type LinkConversation } from './link-conversation.ts'

/** How this device joins. */
export interface Joining {
  readonly confirm: AskPerson<SeenLinker> | undefined
  readonly show: (state: LinkState) => void
  readonly enter: (account: AccountId) => Promise<unknown>
  readonly signal?: AbortSignal | undefined
}

/**
 * The new device's part once both have met, whoever dialled: confirm → syncing → done (joining.ts of the
 * protocol). What it is given is written in one batch, before it says that it has it.
 */
export async function joinAccount(
  context: DeviceContext,
  { conversation, met }: { readonly conversation: LinkConversation; readonly met: LinkMet },
  { confirm, show, enter, signal }: Joining,
): Promise<AccountId> {
  show({ state: 'confirm', digits: met.digits })
  const next = conversation.readWhileAsked()
  const { digits, other } = met
  const name = shownName(other.name, 'a device')
  const seen = { device: met.peer, name, kind: shownName(other.kind, 'unknown'), digits }
  await askPerson(conversation, { met, confirm, seen, next, signal }, context)
  const ready = sayReady(met, context)
  await conversation.send(ready.send)
  const proposal = await next
  const linked = await agree(context, { conversation, met: ready.state, proposal, show })
  await keep(context, linked)
  show({ state: 'syncing', percent: 100 })
  const { account } = linked.log
  await enter(account)
  await conversation.send(linked.send)
  show({ state: 'done', account, device: context.device })
  return account
}

async function agree(
  context: DeviceContext,
  {
    conversation,
    met,
    proposal,
    show,
  }: {
    readonly conversation: LinkConversation
    readonly met: LinkMet
    readonly proposal: Uint8Array
    readonly show: Joining['show']
  },
): Promise<Linked> {
  const { signer, rng, clock } = context
  const card = (await openCards(context)).own()
  const agreed = await agreeToLink(met, proposal, { signer, card, rng })
  if (agreed.kind === 'refused') throw await conversation.refuse(agreed)
  show({ state: 'syncing', percent: 0 })
  await conversation.send(agreed.send)
  const linked = readLinkGrant(agreed.state, await conversation.read(), { clock, rng })
  if (linked.kind === 'refused') throw await conversation.refuse(linked)
  return linked
}

/** One batch: this device belongs to the account, or nothing of it is here. */
async function keep(context: DeviceContext, { log, epochKeys, snapshot }: Linked): Promise<void> {
  const epochs = epochKeysCodec.decode(epochKeys)
  const { account, entries } = log
  await context.store.commit([
    ...membershipOps(context, { account, entries, epochs, seed: snapshot }),
    ...awaitedOps(context),
  ])
}
