import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  type DeviceId,
  deviceLogCodec,
  equalBytes,
  KithError,
  parseDeviceId,
  reduceDeviceLog,
  type SignedEntry,
} from '@kithmesh/protocol'
import type { EpochGrant } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Addresses } from '../addresses.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { type TypedStream, typedStream } from '../frames.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { EpochHandover } from '../standing/epoch-handover.ts'
import type { LogIntake } from '../standing/log-intake.ts'
import { leftReason } from '../standing/removals.ts'
import { createCardGossip, maxCardsFrom } from './card-gossip.ts'
import {
  type Hello,
  type HelloFrame,
  helloCodec,
  MAX_COMPARED,
  MAX_PLACES,
  type Place,
} from './hello-wire.ts'

/** What greeting needs of the other rooms. */
export interface HelloParts {
  readonly account: AccountId
  readonly logs: DeviceLogs
  readonly intake: LogIntake
  readonly handover: EpochHandover
  readonly cards: Cards
  readonly addresses: Addresses
  /** Accounts that may speak to us besides our own: our contacts. */
  readonly isContact: (account: AccountId) => boolean
  /** Whether a device is connected and greeted: of those we know best ourselves where they are. */
  readonly isKnown: (device: DeviceId) => boolean
  /** A device of our own account that is out was told so (OUT-7). */
  readonly onTold: (device: DeviceId) => void
}

/**
 * Greets over `/kith/hello/1`, the same steps on both sides: hello, the device logs the other holds
 * differently and, between siblings, the epochs it lacks, then what it says of itself. Whom we do not
 * know shows the log of its account first and hears nothing of us before (DEV-3), but one of our own
 * that is out hears that it is (OUT-7). Yields the account of the other device once its log proves
 * that it belongs there; undefined for everybody else (DEV-2).
 */
export type Greet = (stream: FrameStream) => Promise<AccountId | undefined>

type HelloStream = TypedStream<HelloFrame, HelloFrame>

/** What a stranger said, and what it showed of the log of the account it claims. */
interface Claim {
  readonly hello: Hello | undefined
  readonly shown: readonly SignedEntry[]
}

/** What one device told of the logs and epochs. */
interface Told {
  readonly ownEntries: readonly SignedEntry[]
  /** Of the account of who told it, when that is not ours. */
  readonly theirEntries: readonly SignedEntry[]
  readonly grants: readonly EpochGrant[]
  /** Encoded, and proved by nothing yet. */
  readonly cards: readonly Uint8Array[]
  /** What the giver's log of the account was when it gave the epochs. */
  readonly giverHead?: Uint8Array
}

/** Greeting for one account. */
export function createHello(context: DeviceContext, parts: HelloParts): Greet {
  const { account: own, logs, intake, handover, cards, addresses, isContact } = parts
  const gossip = createCardGossip(context, parts)

  return async (stream) => {
    const device = parseDeviceId(stream.peer)
    const codecs = { incoming: helloCodec, outgoing: helloCodec }
    const typed: HelloStream = typedStream(stream, codecs, context.scheduler)
    const known = welcomeAccountOf(device)
    await typed.send(known ? await helloFor(known) : { kind: 'unknown' })
    const hello = known
      ? await readHello(typed, device)
      : await welcomeStranger(typed, { device, claim: await readClaim(typed, device) })
    if (!hello || welcomeAccountOf(device) !== hello.account) return undefined
    if (!known) await typed.send(await helloFor(hello.account))
    // Both send at once: waiting for the other's logs first would wait for ever.
    const sent = sendNews(typed, { device, hello })
    const [told] = await Promise.all([readLogs(typed, hello.account), sent])
    await takeOwn(device, told)
    if (welcomeAccountOf(device) !== hello.account) return undefined
    await learn(device, hello)
    await gossip.take(told.cards, hello.account)
    return hello.account
  }

  /** The account whose log has the device in it, if that one may speak to us. */
  function welcomeAccountOf(device: DeviceId): AccountId | undefined {
    const account = logs.accountOf(device)
    return account && isWelcome(account) ? account : undefined
  }

  function isWelcome(account: AccountId): boolean {
    return account === own || isContact(account)
  }

  /** What a device we know says of itself, once it knows us; undefined when it says that we are out. */
  async function readHello(typed: HelloStream, device: DeviceId): Promise<Hello | undefined> {
    const first = await typed.read()
    if (first.kind === 'unknown') await showOwnLog(typed)
    const hello = first.kind === 'unknown' ? await typed.read() : first
    if (hello.kind === 'out') return learnOut(device, hello.entries)
    if (hello.kind === 'hello') return hello
    throw new KithError('ERR_MALFORMED', 'a hello comes first')
  }

  async function showOwnLog(typed: HelloStream): Promise<void> {
    await sendLog(typed, own)
    await typed.send({ kind: 'done' })
  }

  /** The log says it, not who shows it: it is weighed like any other (LOG-2). */
  async function learnOut(device: DeviceId, entries: Uint8Array): Promise<undefined> {
    if (!welcomeAccountOf(device)) return
    await intake.takeOwn({ entries: deviceLogCodec.decode(entries) })
  }

  /** A claim, and the log that is to prove it. Two who do not know each other have nothing to say. */
  async function readClaim(typed: HelloStream, device: DeviceId): Promise<Claim> {
    const hello = await typed.read()
    // Each takes the other for out, as when two suspended each other: both show what they know.
    if (hello.kind === 'unknown' && isOutOfOurs(device)) {
      await showOwnLog(typed)
      const { ownEntries } = await readLogs(typed, own)
      await intake.takeOwn({ entries: ownEntries })
      return { hello: undefined, shown: ownEntries }
    }
    if (hello.kind !== 'hello' || !isWelcome(hello.account)) return { hello: undefined, shown: [] }
    const { ownEntries, theirEntries } = await readLogs(typed, hello.account)
    if (ownEntries.length > 0) await intake.takeOwn({ entries: ownEntries })
    return { hello, shown: hello.account === own ? ownEntries : theirEntries }
  }

  function isOutOfOurs(device: DeviceId): boolean {
    const state = logs.get(own)
    return state?.devices.has(device) === true && logs.accountOf(device) === undefined
  }

  /** Who was of our account or of a contact's, and is out, is told so by the log, and nothing else (OUT-7). */
  async function welcomeStranger(
    typed: HelloStream,
    { device, claim }: { readonly device: DeviceId; readonly claim: Claim },
  ): Promise<Hello | undefined> {
    const account = claim.hello?.account
    const state = account && logs.get(account)
    if (!state || logs.accountOf(device) !== undefined || !wasIn(device, { account, claim })) {
      return claim.hello
    }
    await typed.send({ kind: 'out', entries: deviceLogCodec.encode(state.entries) })
    // Until it has read that: its connection may be cut right behind.
    await typed.read().catch(() => undefined)
    if (account === own) parts.onTold(device)
    return undefined
  }

  /** It shows a genuine log of the account that has it in the tree: nobody else is shown a later one. */
  function wasIn(
    device: DeviceId,
    { account, claim }: { readonly account: AccountId; readonly claim: Claim },
  ): boolean {
    if (claim.shown.length === 0) return false
    const state = reduceDeviceLog(account, claim.shown).devices.get(device)?.state
    return state !== undefined && state !== 'revoked'
  }

  /** Siblings share every contact; a contact hears of our own log and its own. */
  async function helloFor(theirs: AccountId): Promise<Hello> {
    return {
      kind: 'hello',
      account: own,
      logs: comparedWith(theirs).flatMap((account) => {
        const state = logs.get(account)
        return state ? [{ account, head: state.head }] : []
      }),
      card: cards.own(),
      cards: isOut() ? [] : await gossip.held(theirs),
      places: placesFor(theirs).slice(0, MAX_PLACES),
      epochs: theirs === own ? handover.held() : [],
    }
  }

  function comparedWith(theirs: AccountId): readonly AccountId[] {
    const others = theirs === own ? logs.accounts().filter(isContact) : [theirs]
    return [own, ...others].slice(0, MAX_COMPARED)
  }

  /** Contacts learn where our devices are; siblings also where those of contacts are. */
  function placesFor(theirs: AccountId): readonly Place[] {
    if (isOut()) return []
    const accounts = theirs === own ? comparedWith(own) : [own]
    return accounts
      .flatMap((account) => logs.devicesOf(account))
      .map((device) => ({
        device,
        addresses: device === context.device ? addresses.own() : addresses.get(device),
      }))
  }

  /** While this device itself is out it says nothing but what its log is (OUT-8). */
  function isOut(): boolean {
    const state = logs.get(own)
    return !state || leftReason(state, context.device, { now: context.clock.now() }) !== undefined
  }

  /** The logs first: who takes an epoch knows who is out of it. */
  async function sendNews(
    typed: HelloStream,
    { device, hello }: { readonly device: DeviceId; readonly hello: Hello },
  ): Promise<void> {
    const theirHeads = new Map(hello.logs.map(({ account, head }) => [account, head]))
    for (const account of comparedWith(hello.account)) {
      const head = logs.get(account)?.head
      const theirs = theirHeads.get(account)
      if (head && theirs && equalBytes(theirs, head)) continue
      await sendLog(typed, account)
    }
    await sendCards(typed, { device, hello })
    await sendEpochs(typed, { device, hello })
    await typed.send({ kind: 'done' })
  }

  async function sendCards(
    typed: HelloStream,
    { device, hello }: { readonly device: DeviceId; readonly hello: Hello },
  ): Promise<void> {
    if (logs.accountOf(device) !== hello.account || isOut()) return
    for (const card of await gossip.newerThan(device, hello)) {
      await typed.send({ kind: 'card', card })
    }
  }

  /** Only from one that is in to one that is in. */
  async function sendEpochs(
    typed: HelloStream,
    { device, hello }: { readonly device: DeviceId; readonly hello: Hello },
  ): Promise<void> {
    if (hello.account !== own || logs.accountOf(device) !== own || isOut()) return
    const head = logs.get(own)?.head
    const grants = handover.grantsFor(device, hello)
    if (head && grants.length > 0) await typed.send({ kind: 'epochs', grants, head })
  }

  async function sendLog(typed: HelloStream, account: AccountId): Promise<void> {
    const entries = logs.get(account)?.entries
    if (!entries) return
    await typed.send({ kind: 'log', account, entries: deviceLogCodec.encode(entries) })
  }

  /** Logs of contacts are taken as they come; what is of our own account is given back, to be taken whole. */
  async function readLogs(typed: HelloStream, from: AccountId): Promise<Told> {
    let told: Told = { ownEntries: [], theirEntries: [], grants: [], cards: [] }
    const maxCards = maxCardsFrom(from, own)
    for (let frames = 0; frames <= MAX_COMPARED + maxCards + 1; frames++) {
      const frame = await typed.read()
      if (frame.kind === 'done') return told
      if (frame.kind === 'log' && frame.account !== own) {
        const entries = await takeLog(frame, from)
        if (frame.account === from) told = { ...told, theirEntries: entries }
      } else if (frame.kind === 'card' && told.cards.length < maxCards) {
        told = { ...told, cards: [...told.cards, frame.card] }
      } else {
        told = withFrame(told, frame)
      }
    }
    throw new KithError('ERR_MALFORMED', 'too many device logs in one hello')
  }

  /** One log of ours and one list of epochs, and those from a sibling only: {@link takeOwn} looks (A5). */
  function withFrame(told: Told, frame: HelloFrame): Told {
    if (frame.kind === 'log' && told.ownEntries.length === 0) {
      return { ...told, ownEntries: deviceLogCodec.decode(frame.entries) }
    }
    if (frame.kind === 'epochs' && told.grants.length === 0) {
      return { ...told, grants: frame.grants, giverHead: frame.head }
    }
    throw new KithError('ERR_MALFORMED', 'one hello is enough')
  }

  async function takeLog(
    { account, entries }: { readonly account: AccountId; readonly entries: Uint8Array },
    from: AccountId,
  ): Promise<readonly SignedEntry[]> {
    if (!mayTell(from, account)) return []
    const shown = deviceLogCodec.decode(entries)
    await commitStaged(context.store, await intake.stage(account, shown))
    return shown
  }

  /** Our own log and the epochs that came with it, in one batch (OUT-3). */
  async function takeOwn(device: DeviceId, { ownEntries, grants, giverHead }: Told): Promise<void> {
    const isSibling = logs.accountOf(device) === own
    const epochs = isSibling && grants.length > 0 ? await handover.open(device, grants) : []
    if (ownEntries.length > 0 || epochs.length > 0) {
      const handedOver = { epochs, giver: device, ...(giverHead ? { giverHead } : {}) }
      await intake.takeOwn({ entries: ownEntries, ...handedOver })
    }
  }

  /** A log proves itself; whose it may be is limited all the same, or a contact could fill the disk. */
  function mayTell(from: AccountId, about: AccountId): boolean {
    return about === from || (from === own && isContact(about))
  }

  /** Where our own devices are, only they say; a contact could lead us away from them (A10). */
  function mayPlace(from: AccountId, of: AccountId): boolean {
    return of === from || (from === own && isContact(of))
  }

  async function learn(device: DeviceId, hello: Hello): Promise<void> {
    const staged: (Staged | undefined)[] = [await cards.stage(device, hello.card)]
    for (const place of hello.places) {
      const placed = logs.accountOf(place.device)
      if (!placed || place.device === context.device || !mayPlace(hello.account, placed)) continue
      if (place.device !== device && parts.isKnown(place.device)) continue
      staged.push(addresses.stage(place.device, place.addresses))
    }
    await commitStaged(
      context.store,
      staged.filter((one) => one !== undefined),
    )
  }
}
