import {
  type AccountId,
  type Agreed,
  confirmLink,
  type DeviceId,
  declineLink,
  grantLink,
  KithError,
  type LinkMet,
  MAX_SNAPSHOT_BYTES,
  readLinkAgreement,
  readLinkDone,
  readReady,
} from '@kithmesh/protocol'
import { epochKeysCodec } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Devices } from '../account/devices.ts'
import type { Device } from '../api/devices.ts'
import type { LinkOptions, LinkState, SeenDevice } from '../api/linking.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { shownName } from '../names.ts'
import type { LogIntake } from '../standing/log-intake.ts'
import { askPerson, type LinkConversation } from './link-conversation.ts'
import { historyOf, sessionTime, sinceOf, type TermsOfAdd, termsAt } from './link-terms.ts'
import type { UnfinishedLinks } from './unfinished.ts'

/** What taking a device in needs of the other rooms. */
export interface LinkRooms {
  readonly account: AccountId
  readonly state: AccountState
  readonly logs: DeviceLogs
  readonly intake: Pick<LogIntake, 'takeOwn'>
  readonly cards: Cards
  readonly devices: Devices
  readonly unfinished: Pick<UnfinishedLinks, 'begin' | 'end' | 'over'>
}

/** Two devices that have met, and how far apart they are. */
export interface TakingIn {
  readonly conversation: LinkConversation
  readonly met: LinkMet
  readonly distance: SeenDevice['distance']
  readonly options: LinkOptions
  readonly show: (state: LinkState) => void
}

/**
 * The existing device's part once both have met, whoever dialled: confirm → syncing → done (taking-in.ts of
 * the protocol). Nothing is told about the account before a person said yes.
 */
export async function takeDeviceIn(
  context: DeviceContext,
  rooms: LinkRooms,
  { conversation, met, distance, options, show }: TakingIn,
): Promise<Device> {
  const environment = { clock: context.clock, rng: context.rng }
  const seen = seenDevice(met, distance)
  show({ state: 'confirm', digits: met.digits })
  const next = conversation.readWhileAsked()
  const { confirm, signal } = options
  const answer = await askPerson(conversation, { met, confirm, seen, next, signal }, context)
  const ready = readReady(met, await next, environment)
  if (ready.kind === 'refused') throw await conversation.refuse(ready)

  const { account, logs, devices } = rooms
  const { device } = seen
  const temporary = sessionTime({ asked: options, answer, other: met.other })
  const terms = termsAt(context.clock.now(), { distance, ...(temporary ? { temporary } : {}) })
  const since = sinceOf(historyOf({ asked: options, answer }), context.clock.now())
  // Both persons have agreed: what follows takes as long as a network does, not as people do (DEV-17).
  try {
    const agreed = await logs.authoring(() =>
      addDevice(context, rooms, { conversation, met: ready.state, seen, terms, since, show }),
    )
    await handOver(context, rooms, { conversation, agreed, device })
  } finally {
    rooms.unfinished.over(device)
  }
  show({ state: 'syncing', percent: 100 })
  show({ state: 'done', account, device })
  return devices.require(device)
}

/** Gives a device that is in the log what the account shares, and hears that it has it. */
async function handOver(
  { clock, rng }: DeviceContext,
  { account, state, logs, unfinished }: LinkRooms,
  {
    conversation,
    agreed,
    device,
  }: Pick<TakingIn, 'conversation'> & { readonly agreed: Agreed; readonly device: DeviceId },
): Promise<void> {
  const environment = { clock, rng }
  // A sibling's add may have come in between: who is held gets nothing of the account (LNK-10).
  if (logs.standing(account, device)?.state !== 'in') {
    throw await conversation.refuse(declineLink(agreed.state, 'ERR_LINK_LIMIT', environment))
  }
  const granted = grantLink(agreed.state, sharedBy(state), environment)
  await conversation.send(granted.send)
  const done = readLinkDone(granted.state, await conversation.read(), environment)
  if (done.kind === 'refused') throw await conversation.refuse(done)
  await unfinished.end(device)
}

/** Writes the add, with its name and card: in the log before it has anything of the account (LNK-11). */
async function addDevice(
  context: DeviceContext,
  { account, state, logs, intake, cards, unfinished }: LinkRooms,
  {
    conversation,
    met,
    seen,
    terms,
    since,
    show,
  }: Pick<TakingIn, 'conversation' | 'met' | 'show'> & {
    readonly seen: SeenDevice
    readonly terms: TermsOfAdd
    /** From when on it gets messages, ms since 1970 UTC. */
    readonly since: number | undefined
  },
): Promise<Agreed> {
  const environment = { clock: context.clock, rng: context.rng }
  const log = logs.get(account)
  if (!log) throw new KithError('ERR_NO_ACCOUNT', 'the device log of this account is missing')
  const proposed = confirmLink(met, { log, author: context.signer, ...terms }, environment)
  if (proposed.kind === 'refused') throw await conversation.refuse(proposed)
  show({ state: 'syncing', percent: 0 })
  await conversation.send(proposed.send)
  const agreed = await readLinkAgreement(proposed.state, await conversation.read(), environment)
  if (agreed.kind === 'refused') throw await conversation.refuse(agreed)
  const { device, name, kind } = seen
  const card = await cards.stage(device, agreed.card)
  // First of all: whoever is told of the device is told its name, and how far back it gets messages.
  await state.edit(() => state.data.devices.set(device, { name, kind, historySince: since ?? 0 }))
  const alongside = [unfinished.begin(device), ...(card ? [card] : [])]
  await intake.takeOwn({ entries: [agreed.add], alongside })
  return agreed
}

/** What a person is shown; whatever a device says of itself is made fit for it. */
function seenDevice({ peer, other, digits }: LinkMet, distance: 'near' | 'far'): SeenDevice {
  const name = shownName(other.name, 'new device')
  const kind = shownName(other.kind, 'unknown')
  return { device: peer, name, kind, distance, digits, ...(other.temporary && { temporary: true }) }
}

/** Account data that is too large for the stream comes by the account log instead. */
function sharedBy({ data, log }: AccountState): {
  readonly epochKeys: Uint8Array
  readonly snapshot: Uint8Array
} {
  const snapshot = data.encodeState()
  return {
    epochKeys: epochKeysCodec.encode(log.epochs.list()),
    snapshot: snapshot.length <= MAX_SNAPSHOT_BYTES ? snapshot : new Uint8Array(),
  }
}
