import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  type DeviceId,
  deviceLogCodec,
  equalBytes,
  KithError,
  parseDeviceId,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { Addresses } from './addresses.ts'
import type { Cards } from './cards.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { toError } from './faults.ts'
import { type TypedStream, typedStream } from './frames.ts'
import {
  type Hello,
  type HelloFrame,
  helloCodec,
  MAX_COMPARED,
  MAX_PLACES,
  type Place,
} from './hello-wire.ts'
import { HELLO } from './protocols.ts'
import { retry } from './retry.ts'
import { commitStaged, type Staged } from './staged.ts'

/** A connected device whose account and standing are verified. */
export interface KnownPeer {
  readonly device: DeviceId
  readonly account: AccountId
}

/** `detail` by event name. */
export interface PeerEvents {
  /** A device was greeted: it stands in the log of this account or of a contact, and is connected. */
  'peer:known': KnownPeer
  'peer:gone': KnownPeer
}

/** Which connected devices are whose, and the exchange (`/kith/hello/1`) that establishes it. */
export interface Peers {
  readonly events: TypedEvents<PeerEvents>
  known(): readonly KnownPeer[]
  accountOf(device: DeviceId): AccountId | undefined
  /** Something others should learn changed here (device log, addresses): greet everyone again. */
  announce(): void
  /** Forgets a device that no longer stands, and its connection. */
  drop(device: DeviceId): void
}

/** What greeting needs of the other rooms. */
export interface PeersParts {
  readonly account: AccountId
  readonly logs: DeviceLogs
  readonly cards: Cards
  readonly addresses: Addresses
  /** Accounts whose devices are kept connected and may speak to us: our contacts. */
  readonly isContact: (account: AccountId) => boolean
}

/** Starts greeting: answers hellos, greets every device we know as soon as it is connected. */
export function startPeers(context: DeviceContext, parts: PeersParts): Peers {
  const { net, signal } = context
  const { logs } = parts
  const events = createEvents<PeerEvents>()
  const accountsByPeer = new Map<DeviceId, AccountId>()
  const greetings = new Map<DeviceId, { again: boolean }>()

  net.handle(HELLO, (stream) => greet(stream))
  net.addEventListener('peer:connected', ({ detail }) => void reach(detail.peer), { signal })
  net.addEventListener('peer:disconnected', ({ detail }) => forget(parseDeviceId(detail.peer)), {
    signal,
  })
  net.addEventListener('addresses:changed', announce, { signal })
  logs.events.addEventListener('log:changed', onLogChanged, { signal })
  keep()
  for (const peer of net.connected()) void reach(peer)

  /** Everyone we want to be connected to: siblings, and the devices of contacts. */
  function keep(): void {
    const accounts = [parts.account, ...logs.accounts().filter(parts.isContact)]
    const devices = accounts.flatMap((account) => logs.devicesOf(account))
    net.keep(devices.filter((device) => device !== context.device))
  }

  function onLogChanged(): void {
    keep()
    for (const [device] of accountsByPeer) if (!accountNow(device)) drop(device)
    for (const peer of net.connected())
      if (!accountsByPeer.has(parseDeviceId(peer))) void reach(peer)
    announce()
  }

  function announce(): void {
    keep()
    for (const device of accountsByPeer.keys()) void reach(device)
  }

  /** Greets a connected peer that we know, until it worked; once more when asked meanwhile. */
  async function reach(peer: string): Promise<void> {
    const device = parseDeviceId(peer)
    const running = greetings.get(device)
    if (running) {
      running.again = true
      return
    }
    const greeting = { again: true }
    greetings.set(device, greeting)
    while (greeting.again) {
      greeting.again = false
      await retry(context, {
        what: 'a hello',
        attempt: () => openHello(device),
        wanted: () => accountNow(device) !== undefined && net.connected().includes(device),
      })
    }
    greetings.delete(device)
  }

  async function openHello(device: DeviceId): Promise<void> {
    const stream = await net.open(device, HELLO, { signal })
    try {
      await greet(stream)
      await stream.close({ signal })
    } catch (error) {
      stream.abort(toError(error))
      throw error
    }
  }

  /** Both sides run the same steps: hello, the logs the other lacks, then who the other is. */
  async function greet(stream: FrameStream): Promise<void> {
    const device = parseDeviceId(stream.peer)
    const codecs = { incoming: helloCodec, outgoing: helloCodec }
    const typed = typedStream<HelloFrame, HelloFrame>(stream, codecs, context.scheduler)
    await typed.send(ourHello(logs.accountOf(device)))
    const hello = await typed.read()
    if (hello.kind !== 'hello') throw new KithError('ERR_MALFORMED', 'a hello comes first')
    if (!isWelcome(hello.account)) return
    // Both send at once: waiting for the other's logs first would wait for ever.
    await Promise.all([sendLogs(typed, hello), readLogs(typed, hello.account)])
    if (logs.accountOf(device) !== hello.account) return
    await learn(device, hello)
    if (accountsByPeer.get(device) === hello.account) return
    accountsByPeer.set(device, hello.account)
    events.emit('peer:known', { device, account: hello.account })
  }

  /** To a stranger only our own account's head; to siblings every contact's (they share them all). */
  function ourHello(theirs: AccountId | undefined): Hello {
    const compared =
      theirs === parts.account
        ? [parts.account, ...logs.accounts().filter(parts.isContact)]
        : [parts.account, ...(theirs && parts.isContact(theirs) ? [theirs] : [])]
    return {
      kind: 'hello',
      account: parts.account,
      logs: compared.slice(0, MAX_COMPARED).flatMap((account) => {
        const state = logs.get(account)
        return state ? [{ account, head: state.head }] : []
      }),
      card: parts.cards.own(),
      places: placesFor(theirs).slice(0, MAX_PLACES),
    }
  }

  /** Contacts learn where our devices are; siblings also where those of contacts are. */
  function placesFor(theirs: AccountId | undefined): readonly Place[] {
    if (!theirs || !isWelcome(theirs)) return []
    const accounts =
      theirs === parts.account
        ? [parts.account, ...logs.accounts().filter(parts.isContact)]
        : [parts.account]
    return accounts
      .flatMap((account) => logs.devicesOf(account))
      .map((device) => ({
        device,
        addresses: device === context.device ? parts.addresses.own() : parts.addresses.get(device),
      }))
  }

  async function sendLogs(typed: TypedStream<HelloFrame, HelloFrame>, hello: Hello): Promise<void> {
    const theirHeads = new Map(hello.logs.map(({ account, head }) => [account, head]))
    const shared = ourHello(hello.account).logs
    for (const { account, head } of shared) {
      const theirs = theirHeads.get(account)
      if (theirs && equalBytes(theirs, head)) continue
      const entries = logs.get(account)?.entries ?? []
      await typed.send({ kind: 'log', account, entries: deviceLogCodec.encode(entries) })
    }
    await typed.send({ kind: 'done' })
  }

  async function readLogs(
    typed: TypedStream<HelloFrame, HelloFrame>,
    from: AccountId,
  ): Promise<void> {
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

  /** A log proves itself; whose it may be is limited all the same, or strangers could fill the disk. */
  function mayTell(from: AccountId, about: AccountId): boolean {
    if (about === from || about === parts.account) return true
    return from === parts.account && parts.isContact(about)
  }

  async function learn(device: DeviceId, hello: Hello): Promise<void> {
    const staged: (Staged | undefined)[] = [await parts.cards.stage(device, hello.card)]
    for (const place of hello.places) {
      const placed = logs.accountOf(place.device)
      if (!placed || place.device === context.device || !mayTell(hello.account, placed)) continue
      // Of a device we are connected to we know better than others do.
      const told = place.device === device || !accountsByPeer.has(place.device)
      if (told) staged.push(parts.addresses.stage(place.device, place.addresses))
    }
    await commitStaged(
      context.store,
      staged.filter((one) => one !== undefined),
    )
  }

  function isWelcome(account: AccountId): boolean {
    return account === parts.account || parts.isContact(account)
  }

  function accountNow(device: DeviceId): AccountId | undefined {
    const account = logs.accountOf(device)
    return account && isWelcome(account) ? account : undefined
  }

  function forget(device: DeviceId): void {
    const account = accountsByPeer.get(device)
    if (!account) return
    accountsByPeer.delete(device)
    events.emit('peer:gone', { device, account })
  }

  function drop(device: DeviceId): void {
    forget(device)
    net.refuse(device)
  }

  return {
    events,
    known: () => [...accountsByPeer].map(([device, account]) => ({ device, account })),
    accountOf: (device) => accountsByPeer.get(device),
    announce,
    drop,
  }
}
