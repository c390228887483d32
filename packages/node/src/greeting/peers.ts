import type { FrameStream } from '@kithmesh/net'
import { type AccountId, type DeviceId, parseDeviceId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { HELLO } from '../protocols.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { createTelling } from '../standing/telling.ts'
import { createHello, type HelloParts } from './hello.ts'

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
  /** A hello with it ended well: both hold the same device logs now. */
  'peer:greeted': KnownPeer
  /** A device of our own account that is out has come back, and heard that it is out. */
  'peer:returned': { readonly device: DeviceId }
}

/** Which connected devices are whose. */
export interface Peers {
  readonly events: TypedEvents<PeerEvents>
  accountOf(device: DeviceId): AccountId | undefined
  /** Something changed that others should learn, or whom we know: greets every connected device we know. */
  announce(): void
  /** This device holds other device logs than we do: greets it, when it is connected and known. */
  greet(device: DeviceId): void
}

/** Keeps siblings and contacts connected, and greets each as soon as it is. */
export function startPeers(
  context: DeviceContext,
  parts: Omit<HelloParts, 'isKnown' | 'onTold'>,
): Peers {
  const { net, signal } = context
  const { account: own, logs, isContact } = parts
  const events = createEvents<PeerEvents>()
  const accountsByPeer = new Map<DeviceId, AccountId>()
  /** Connected devices that are in, greeted or not yet: whichever goes out is told (OUT-7). */
  const membersByPeer = new Map<DeviceId, AccountId>()
  const greet = createHello(context, {
    ...parts,
    isKnown: (device) => accountsByPeer.has(device),
    onTold: (device) => {
      if (telling.noteTold(device)) events.emit('peer:returned', { device })
    },
  })
  const telling = createTelling(context, { account: own, logs, hello: openHello })

  /** Greets a connected device that we know until it worked, and once more when asked meanwhile. */
  const greetUntilDone = createRounds((device: DeviceId, asked) =>
    retry(context, {
      what: 'a hello',
      attempt: () => openHello(device),
      wanted: () => accountNow(device) !== undefined && net.connected().includes(device),
      asked,
    }),
  )

  net.handle(HELLO, greetOver)
  net.addEventListener('peer:connected', ({ detail }) => reach(detail.peer), { signal })
  net.addEventListener('peer:disconnected', ({ detail }) => lose(parseDeviceId(detail.peer)), {
    signal,
  })
  net.addEventListener('addresses:changed', announce, { signal })
  logs.events.addEventListener('log:changed', onLogChanged, { signal })
  parts.cards.events.addEventListener('card:renewed', announce, { signal })
  announce()

  /** Everyone we want to be connected to: siblings, and the devices of contacts. */
  function keep(): void {
    const accounts = [own, ...logs.accounts().filter(isContact)]
    const devices = accounts.flatMap((account) => logs.devicesOf(account))
    net.keep(devices.filter((device) => device !== context.device))
  }

  function onLogChanged(): void {
    for (const [device, account] of membersByPeer) if (!accountNow(device)) drop(device, account)
    telling.tellConnected()
    announce()
  }

  function announce(): void {
    keep()
    for (const peer of net.connected()) reach(peer)
  }

  function reach(peer: string): void {
    const device = parseDeviceId(peer)
    const account = accountNow(device)
    if (account && net.connected().includes(device)) membersByPeer.set(device, account)
    void greetUntilDone(device)
  }

  async function openHello(device: DeviceId): Promise<void> {
    const stream = await net.open(device, HELLO, { signal })
    try {
      await greetOver(stream)
      await stream.close({ signal })
    } catch (error) {
      stream.abort(toError(error))
      throw error
    }
  }

  async function greetOver(stream: FrameStream): Promise<void> {
    const account = await greet(stream)
    const device = parseDeviceId(stream.peer)
    // It may have gone out while it was greeted, and has not heard of that yet.
    if (!account || accountNow(device) !== account) return telling.tell(device)
    events.emit('peer:greeted', { device, account })
    if (accountsByPeer.get(device) === account) return
    // Gone while it was greeted: known again when it comes back, or nobody would be told then.
    if (!net.connected().includes(device)) return
    membersByPeer.set(device, account)
    accountsByPeer.set(device, account)
    events.emit('peer:known', { device, account })
  }

  function accountNow(device: DeviceId): AccountId | undefined {
    const account = logs.accountOf(device)
    return account && (account === own || isContact(account)) ? account : undefined
  }

  function forget(device: DeviceId): void {
    const account = accountsByPeer.get(device)
    if (!account) return
    accountsByPeer.delete(device)
    events.emit('peer:gone', { device, account })
  }

  function lose(device: DeviceId): void {
    membersByPeer.delete(device)
    forget(device)
  }

  /** A device that is out: its connection goes, too, once it has been told why (OUT-7). */
  function drop(device: DeviceId, account: AccountId): void {
    lose(device)
    if (account !== own) void tellAndRefuse(device)
  }

  /** Whose connection breaks meanwhile is not kept out: it is told when it comes back. */
  async function tellAndRefuse(device: DeviceId): Promise<void> {
    await openHello(device).catch(() => undefined)
    if (!accountNow(device) && net.connected().includes(device)) net.refuse(device)
  }

  return { events, accountOf: (device) => accountsByPeer.get(device), announce, greet: reach }
}
