import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { HistoryChoice } from './history.ts'
import type { CallOptions } from './options.ts'

/** The same words on both screens (protocol: linking). */
export type LinkState =
  | { readonly state: 'waiting'; readonly code: string; readonly expiresInMs: number }
  | { readonly state: 'seen' }
  /** Both screens show the same six digits; `digits` says which. */
  | { readonly state: 'confirm'; readonly digits: string }
  | { readonly state: 'syncing'; readonly percent: number }
  | { readonly state: 'done'; readonly account: AccountId; readonly device: DeviceId }
  | { readonly state: 'failed'; readonly code: string; readonly message: string }

export interface LinkOffer {
  /** The code as it stands now; changes every 60 s and after each use. */
  readonly code: string
  /** The current state at once, then every change; ends after `done`. A failed attempt goes back to `waiting` with a new code. */
  states(options?: CallOptions): AsyncIterable<LinkState>
  close(): Promise<void>
}

/** What the existing device shows before the person confirms. */
export interface SeenDevice {
  readonly device: DeviceId
  readonly name: string
  readonly kind: string
  /** `near`: a direct connection to a private address; anything else is `far`. */
  readonly distance: 'near' | 'far'
  /** Six digits, the same on the new device's screen unless somebody sits between the two. */
  readonly digits: string
  /** It says that it leaves nothing behind: it is linked for 12 h unless the answer names another time. */
  readonly temporary?: boolean
}

/** What a new device shows of the device that is about to take it in. */
export interface SeenLinker {
  readonly device: DeviceId
  readonly name: string
  readonly kind: string
  /** As in {@link SeenDevice}. */
  readonly digits: string
}

/** What a person answered: `differ` when the digits on the two screens are not the same. */
export type LinkAnswer = boolean | 'differ'

/** Yes, on terms that the person chose while looking at the device: they count before those of {@link LinkOptions}. */
export interface YesOnTerms {
  /** As a session that ends by itself after so many hours (1 to 720) and links no other device. */
  readonly temporary?: { readonly hours: number }
  /** How far back it gets messages. */
  readonly history?: HistoryChoice
}

/** How a person is asked; the signal aborts when the question is of no use any more. */
export type AskPerson<T, A = LinkAnswer> = (
  seen: T,
  options: { readonly signal: AbortSignal },
) => Promise<A>

export interface LinkOptions extends CallOptions {
  /**
   * Asked once, when both devices have the digits: is this the device, and does it show the same ones?
   * For a device that reads this one's code the answer has to come from its screen ({@link KithNode}).
   */
  readonly confirm: AskPerson<SeenDevice, LinkAnswer | YesOnTerms>
  /** Allow a device that is far. Message history then waits 24 h. */
  readonly far?: boolean
  /** Link a session that ends by itself after so many hours (1 to 720) and links no other device. */
  readonly temporary?: { readonly hours: number }
  /** How far back it gets messages; default all. Later: `history.allow`. */
  readonly history?: HistoryChoice
  readonly onState?: (state: LinkState) => void
}

/** How a new device waits to be linked. */
export interface LinkOfferOptions extends CallOptions {
  /**
   * Asked when both devices have the digits. Without it the comparing is left to the person at the existing
   * device, and this device is not found nearby.
   */
  readonly confirm?: AskPerson<SeenLinker>
}

/** How a new device joins by the code of an existing one. */
export interface JoinOptions extends CallOptions {
  readonly confirm: AskPerson<SeenLinker>
  readonly onState?: (state: LinkState) => void
}

/** A device on this network that waits to be linked. Name and kind are what it says of itself. */
export interface NearbyDevice {
  readonly device: DeviceId
  readonly name: string
  readonly kind: string
}
