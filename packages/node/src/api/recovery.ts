import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { CallOptions } from './options.ts'

/**
 * `kept`: the words are here and not written down yet. `confirmed`: they were, and are erased here.
 * `absent`: this is not the device that made the account.
 */
export type RecoveryState = 'kept' | 'confirmed' | 'absent'

/** A recovery word at its place, from 1 to 12. */
export interface WordAnswer {
  readonly place: number
  readonly word: string
}

/** What a recovery will do, before anything is written. */
export interface RecoveryPlan {
  readonly account: AccountId
  /** What the account calls itself; empty when nobody knows. */
  readonly name: string
  /** When the account was made, ms since 1970 UTC. */
  readonly since: number
  /** The devices it has now: those not `kept` will be out. `answered`: it was asked and is on. */
  readonly devices: readonly {
    readonly device: DeviceId
    readonly name: string
    readonly kind: string
    readonly kept: boolean
    readonly answered: boolean
  }[]
  /** How many of each come back. */
  readonly contacts: number
  readonly starred: number
  readonly settings: number
  /** When the newest copy of the account data was made, ms since 1970 UTC; missing when there is none. */
  readonly copyMadeAt?: number
  /** Only a device that was removed from the account made the copy: look at what it says. */
  readonly fromRemoved: boolean
  /** Message history comes from kept devices, or not at all. */
  readonly history: 'kept-devices' | 'none'
  readonly sources: readonly {
    readonly device: DeviceId
    /** Whether it is a device of the account; else of a contact. */
    readonly own: boolean
    readonly name: string
  }[]
  /** 1 for the first recovery of the account. */
  readonly number: number
}

export interface RestoreOptions extends CallOptions {
  /** Surviving devices, one's own or of contacts: multiaddrs with `/p2p/…`, or invite codes. */
  readonly from: readonly string[]
  /** Devices that stay in the account, by id or name. Default: none. */
  readonly keep?: readonly string[]
  /** Asked once, before anything is written. May name other devices to keep. */
  readonly confirm: (
    plan: RecoveryPlan,
  ) => Promise<boolean | { readonly keep: readonly DeviceId[] }>
}

export interface Restored {
  readonly account: AccountId
  readonly device: DeviceId
  readonly kept: readonly DeviceId[]
}
