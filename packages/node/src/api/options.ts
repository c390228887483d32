import type { Net, NetIdentity } from '@kithmesh/net'
import type { Clock, Rng } from '@kithmesh/protocol'
import type { Scheduler } from '@kithmesh/sync'
import type { Keyring } from '../lock/home-key.ts'

/** Cancels a call; every asynchronous call takes one. */
export interface CallOptions {
  readonly signal?: AbortSignal
}

/** How {@link createNode} is asked for a device. */
export interface NodeOptions {
  /** A folder in Node, a database name in a page. */
  readonly home: string
  /** Name of this device, seen by the account's devices only. Kept from the first start on. */
  readonly name?: string
  /** Multiaddrs of relays to hold a reservation on. Kept; later starts add to them. */
  readonly relays?: readonly string[]
  /** Multiaddrs to listen on; default: TCP, WebSocket and webrtc-direct on every interface, any port. */
  readonly listen?: readonly string[]
  /** Whether this device is found on, dials and listens to the local network. Default true. */
  readonly lan?: boolean
  /** Start as a device still to be linked: make no account. Ignored once linked. */
  readonly newDevice?: boolean
  /** Opens a home that is locked; a function is asked only then. */
  readonly passphrase?: string | (() => Promise<string>)
  /** The keyring of the operating system, which opens a home that was put in it. */
  readonly keyring?: Keyring
  /** In a page: ask for a passkey when the home is locked. Needs a click of the person. */
  readonly passkey?: boolean
  readonly clock?: Clock
  readonly random?: Rng
  readonly scheduler?: Scheduler
  /** The network of this device; default: libp2p. Tests and simulations bring their own. */
  readonly network?: (identity: NetIdentity) => Promise<Net>
  readonly logger?: Logger
  readonly signal?: AbortSignal
}

/** One line of what happens inside; never holds secrets, plaintext or other people's full ids. */
export interface Logger {
  debug(message: string, detail?: Readonly<Record<string, unknown>>): void
  warn(message: string, detail?: Readonly<Record<string, unknown>>): void
}
