import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  type DeviceId,
  deviceLogCodec,
  equalBytes,
  KithError,
  parseDeviceId,
} from '@kithmesh/protocol'
import type { Addresses } from './addresses.ts'
import type { Cards } from './cards.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { type TypedStream, typedStream } from './frames.ts'
import {
  type Hello,
  type HelloFrame,
  helloCodec,
  MAX_COMPARED,
  MAX_PLACES,
  type Place,
} from './hello-wire.ts'
import { commitStaged, type Staged } from './staged.ts'

/** What greeting needs of the other rooms. */
export interface HelloParts {
  readonly account: AccountId
  readonly logs: DeviceLogs
  readonly cards: Cards
  readonly addresses: Addresses
  /** Accounts that may speak to us besides our own: our contacts. */
  readonly isContact: (account: AccountId) => boolean
  /** Whether a device is connected and greeted: of those we know best ourselves where they are. */
  readonly isKnown: (device: DeviceId) => boolean
}

/**
 * Greets over `/kith/hello/1`, the same steps on both sides: hello, the device logs the other holds
 * differently, then what it says of itself. Whom we do not know shows the log of its account first
 * and hears nothing of us before (DEV-3). Yields the account of the other device once its log proves
 * that it belongs there; undefined for strangers (DEV-2).
 */
export type Greet = (stream: FrameStream) => Promise<AccountId | undefined>

type HelloStream = TypedStream<HelloFrame, HelloFrame>

/** Greeting for one account. */
export function createHello(context: DeviceContext, parts: HelloParts): Greet {
  const { account: own, logs, cards, addresses, isContact } = parts

  return async (stream) => {
    const device = parseDeviceId(stream.peer)
    const codecs = { incoming: helloCodec, outgoing: helloCodec }
    const typed: HelloStream = typedStream(stream, codecs, context.scheduler)
    const known = welcomeAccountOf(device)
    await typed.send(known ? helloFor(known) : { kind: 'unknown' })
    const hello = known ? await readHello(typed) : await readStrangersHello(typed)
    if (!hello || welcomeAccountOf(device) !== hello.account) return undefined
    if (!known) await typed.send(helloFor(hello.account))
    // Both send at once: waiting for the other's logs first would wait for ever.
    await Promise.all([sendLogs(typed, hello), readLogs(typed, hello.account)])
    if (welcomeAccountOf(device) !== hello.account) return undefined
    await learn(device, hello)
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

  /** What a device we know says of itself, once it knows us. */
  async function readHello(typed: HelloStream): Promise<Hello> {
    const first = await typed.read()
    if (first.kind === 'unknown') {
      await sendLog(typed, own)
      await typed.send({ kind: 'done' })
    }
    const hello = first.kind === 'unknown' ? await typed.read() : first
    if (hello.kind === 'hello') return hello
    throw new KithError('ERR_MALFORMED', 'a hello comes first')
  }

  /** A claim, and the log that is to prove it. Two who do not know each other have nothing to say. */
  async function readStrangersHello(typed: HelloStream): Promise<Hello | undefined> {
    const hello = await typed.read()
    if (hello.kind !== 'hello' || !isWelcome(hello.account)) return undefined
    await readLogs(typed, hello.account)
    return hello
  }

  /** Siblings share every contact; a contact hears of our own log and its own. */
  function helloFor(theirs: AccountId): Hello {
    return {
      kind: 'hello',
      account: own,
      logs: comparedWith(theirs).flatMap((account) => {
        const state = logs.get(account)
        return state ? [{ account, head: state.head }] : []
      }),
      card: cards.own(),
      places: placesFor(theirs).slice(0, MAX_PLACES),
    }
  }

  function comparedWith(theirs: AccountId): readonly AccountId[] {
    const others = theirs === own ? logs.accounts().filter(isContact) : [theirs]
    return [own, ...others].slice(0, MAX_COMPARED)
  }

  /** Contacts learn where our devices are; siblings also where those of contacts are. */
  function placesFor(theirs: AccountId): readonly Place[] {
    const accounts = theirs === own ? comparedWith(own) : [own]
    return accounts
      .flatMap((account) => logs.devicesOf(account))
      .map((device) => ({
        device,
        addresses: device === context.device ? addresses.own() : addresses.get(device),
      }))
  }

  async function sendLogs(typed: HelloStream, hello: Hello): Promise<void> {
    const theirHeads = new Map(hello.logs.map(({ account, head }) => [account, head]))
    for (const account of comparedWith(hello.account)) {
      const head = logs.get(account)?.head
      const theirs = theirHeads.get(account)
      if (head && theirs && equalBytes(theirs, head)) continue
      await sendLog(typed, account)
    }
    await typed.send({ kind: 'done' })
  }

  async function sendLog(typed: HelloStream, account: AccountId): Promise<void> {
    const entries = logs.get(account)?.entries
    if (!entries) return
    await typed.send({ kind: 'log', account, entries: deviceLogCodec.encode(entries) })
  }

  async function readLogs(typed: HelloStream, from: AccountId): Promise<void> {
    for (let frames = 0; frames <= MAX_COMPARED; frames++) {
      const frame = await typed.read()
      if (frame.kind === 'done') return
      if (frame.kind !== 'log') throw new KithError('ERR_MALFORMED', 'one hello is enough')
      if (!mayTell(from, frame.account)) continue
      const staged = logs.stage(frame.account, deviceLogCodec.decode(frame.entries))
      if (staged) await commitStaged(context.store, [staged])
    }
    throw new KithError('ERR_MALFORMED', 'too many device logs in one hello')
  }

  /** A log proves itself; whose it may be is limited all the same, or a contact could fill the disk. */
  function mayTell(from: AccountId, about: AccountId): boolean {
    return about === from || about === own || (from === own && isContact(about))
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
