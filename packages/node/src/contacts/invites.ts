import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  answerInvite,
  createInvite,
  createInviteCode,
  deviceCardCodec,
  deviceLogCodec,
  devicesIn,
  dialInvite,
  type Introduced,
  type Introduction,
  type InviteCode,
  KithError,
  type KnownInvite,
  parseAccountId,
  parseDeviceId,
  parseInviteCode,
  type Refused,
  readInviteAnswer,
  readInvitedIntroduction,
  readInviterIntroduction,
} from '@kithmesh/protocol'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Addresses } from '../addresses.ts'
import type { Contact } from '../api/contacts.ts'
import type { CallOptions } from '../api/options.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { frameReader } from '../frames.ts'
import { codeAddresses, relaysSettled } from '../linking/code-addresses.ts'
import { refusalError } from '../linking/refusals.ts'
import { requireName, shownName } from '../names.ts'
import { overStream } from '../over-stream.ts'
import { CONTACT } from '../protocols.ts'
import { createSerial } from '../serial.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { Contacts } from './contacts.ts'

/** Making contacts: whoever has the code proves it to a device of the inviter, both introduce themselves. */
export interface Invites {
  invite(
    options?: CallOptions & { readonly replaces?: AccountId },
  ): Promise<{ readonly code: string }>
  /** @throws ERR_CODE_…, ERR_UNREACHABLE */
  add(code: string, options?: CallOptions & Known): Promise<Contact>
}

/** What this account says of a contact it adds. */
interface Known {
  readonly name?: string
  /** Whose new account it is (ACC-12). */
  readonly replaces?: AccountId
}

/** Addresses an introduction gives of each device (introduction codec). */
const MAX_PLACES = 4
const MAX_PLACE_BYTES = 160

/** Invites of one account; any of its devices answers for them. */
export function createInvites(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly logs: DeviceLogs
    readonly cards: Cards
    readonly addresses: Addresses
    readonly contacts: Contacts
  },
): Invites {
  const { net, clock, rng, scheduler, logger } = context
  const environment = { clock, rng }
  const { account, state, logs, cards, addresses, contacts } = parts
  const { invites } = state.data
  const inTurn = createSerial<string>()

  net.handle(CONTACT, (stream) => answer(stream))

  async function invite({
    replaces,
    signal,
  }: CallOptions & { readonly replaces?: AccountId } = {}): Promise<{ readonly code: string }> {
    if (replaces !== undefined) contacts.require(replaces)
    await relaysSettled(context)
    signal?.throwIfAborted()
    const { secret, record } = createInvite(environment)
    const { invite: name, ...fields } = record
    await state.edit(() => {
      dropOld()
      invites.add(name, { ...fields, ...(replaces === undefined ? {} : { replaces }) })
    })
    const device = context.device
    return { code: createInviteCode({ account, device, secret, addresses: codeAddresses(net) }) }
  }

  /** Ended invites are of no use to anybody; used ones serve their account until then (LNK-14). */
  function dropOld(): void {
    for (const { invite: name, expiresAt } of invites.list()) {
      if (expiresAt < clock.now()) invites.remove(name)
    }
  }

  async function add(
    text: string,
    { name, replaces, signal }: CallOptions & Known = {},
  ): Promise<Contact> {
    if (name !== undefined) requireName(name)
    if (replaces !== undefined) contacts.require(replaces)
    const code = parseInviteCode(text)
    if (code.account === account) {
      throw new KithError('ERR_LINK_ACCOUNT', 'this invite is your own', {
        hint: 'Give it to the person you want as a contact.',
      })
    }
    const places = code.addresses.map((bytes) => net.addressFromBytes(bytes))
    net.setAddresses(code.device, places)
    const to = { peer: code.device, protocol: CONTACT, signal }
    return overStream(context, to, async (stream) => {
      const contact = await dial(stream, code)
      await keep(contact, {
        ...(name === undefined ? {} : { name }),
        ...(replaces === undefined ? {} : { replaces }),
      })
      return contacts.require(contact.account)
    })
  }

  async function dial(stream: FrameStream, code: InviteCode): Promise<Introduced> {
    const reader = frameReader(stream, scheduler)
    const own = await introduction()
    const dialling = { code, self: context.device, peer: code.device, own }
    const dialled = dialInvite(dialling, environment)
    await stream.send(dialled.send)
    const introduced = readInviteAnswer(dialled.state, await reader.read(), environment)
    if (introduced.kind === 'refused') throw await refuse(stream, introduced)
    await stream.send(introduced.send)
    const done = readInviterIntroduction(introduced.state, await reader.read(), environment)
    if (done.kind === 'refused') throw await refuse(stream, done)
    return done.contact
  }

  async function answer(stream: FrameStream): Promise<void> {
    const reader = frameReader(stream, scheduler)
    const own = await introduction()
    const peer = parseDeviceId(stream.peer)
    const answering = { self: context.device, peer, lookup, own }
    const answered = answerInvite(answering, await reader.read(), environment)
    if (answered.kind === 'refused') return refusing(stream, answered)
    await stream.send(answered.send)
    const theirs = await reader.read()
    const { invite: used } = answered.state
    // One after another: of two who prove the same invite at once, the second finds it used.
    const invited = await inTurn(used, async () => {
      const usedBy = lookup(used)?.usedBy
      const read = readInvitedIntroduction({ ...answered.state, usedBy }, theirs, environment)
      if (read.kind === 'invited') await keep(read.contact, { usedInvite: used })
      return read
    })
    if (invited.kind === 'refused') return refusing(stream, invited)
    await stream.send(invited.send)
  }

  function lookup(name: string): KnownInvite | undefined {
    const known = invites.get(name)
    if (!known) return undefined
    const { key, expiresAt, usedBy } = known
    return { key, expiresAt, ...(usedBy ? { usedBy: parseAccountId(usedBy) } : {}) }
  }

  async function introduction(): Promise<Introduction> {
    const log = logs.get(account)
    if (!log) throw new KithError('ERR_NO_ACCOUNT', 'the device log of this account is missing')
    const devices = devicesIn(log, { now: clock.now() }).map(({ device }) => device)
    const others = devices.filter((device) => device !== context.device)
    const theirCards = await Promise.all(others.map((device) => cards.get(device)))
    return {
      account,
      name: contacts.nameOf(account),
      log: deviceLogCodec.encode(log.entries),
      cards: [
        cards.own(),
        ...theirCards
          .filter((card) => card !== undefined)
          .map((card) => deviceCardCodec.encode(card)),
      ],
      peers: devices.map((device) => ({
        device,
        addresses: placesOf(device === context.device ? addresses.own() : addresses.get(device)),
      })),
    }
  }

  function placesOf(texts: readonly string[]): readonly Uint8Array[] {
    return texts
      .map((text) => net.addressToBytes(text))
      .filter(({ length }) => length <= MAX_PLACE_BYTES)
      .slice(-MAX_PLACES)
  }

  /** The contact's device log, cards and places, then its name and the invite it came by: a contact has a log. */
  async function keep(
    { account: contact, log, introduction: theirs }: Introduced,
    known: Known & { readonly usedInvite?: string },
  ): Promise<void> {
    const staged: (Staged | undefined)[] = [logs.stage(contact, log.entries)]
    for (const card of theirs.cards) {
      const { device } = deviceCardCodec.decode(card)
      if (log.devices.has(device)) staged.push(await cards.stage(device, card))
    }
    for (const { device, addresses: bytes } of theirs.peers) {
      const texts = bytes.map((one) => net.addressFromBytes(one))
      if (log.devices.has(device)) staged.push(addresses.stage(device, texts))
    }
    const before = state.data.contacts.get(contact)
    const replaces =
      known.replaces ?? (before ? undefined : replacedByUse(known.usedInvite, contact))
    const earlier = replaces && state.data.contacts.get(replaces)
    const name =
      known.name ??
      before?.name ??
      earlier?.name ??
      shownName(theirs.name, 'somebody without a name')
    await commitStaged(
      context.store,
      staged.filter((one) => one !== undefined),
    )
    const said = { root: log.root, ...(earlier && replaces !== contact ? { replaces } : {}) }
    await state.edit(() => {
      // Who is added a second time stays verified: it is the same account (ACC-11).
      if (before) state.data.contacts.edit(contact, { name, ...said })
      else state.data.contacts.set(contact, { name, addedAt: clock.now(), ...said })
      if (known.usedInvite) invites.use(known.usedInvite, { at: clock.now(), by: contact })
    })
    logger.debug('a contact was added')
  }

  /** Whoever uses an invite for a new account becomes it, but for people we know already. */
  function replacedByUse(invite: string | undefined, contact: AccountId): AccountId | undefined {
    const replaces = invite === undefined ? undefined : invites.get(invite)?.replaces
    const listed = state.data.contacts.list()
    return listed.find((entry) => entry.contact === replaces && replaces !== contact)?.contact
  }

  async function refusing(stream: FrameStream, outcome: Refused): Promise<void> {
    logger.debug('an invite was refused', { code: codeOf(await refuse(stream, outcome)) })
  }

  return { invite, add }
}

/** Tells the other side, and becomes the error this side fails with. */
async function refuse(stream: FrameStream, outcome: Refused): Promise<KithError> {
  if (outcome.send) await stream.send(outcome.send).catch(() => undefined)
  await stream.close().catch(() => undefined)
  return refusalError(outcome.code)
}
