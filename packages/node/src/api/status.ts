import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { Device, LeftReason } from './devices.ts'
import type { Waiting } from './messages.ts'
import type { StoreDamage } from './store.ts'

/** A relay this device was given, and whether it holds a place there. */
export interface RelayStatus {
  readonly address: string
  readonly state: string
  /** Why not, in one sentence. */
  readonly reason?: string
}

export interface Status {
  readonly account: AccountId
  readonly device: DeviceId
  readonly name: string
  readonly devices: readonly Device[]
  readonly relays: readonly RelayStatus[]
  /** Messages that some device of their recipient lacks. */
  readonly pending: number
  /** The same by contact, most first, and why nothing leaves now. Missing on a device that is out. */
  readonly waiting?: readonly (Waiting & {
    readonly contact: AccountId
    readonly name: string
    readonly messages: number
  })[]
  /** What the store lost and has not got back yet; missing when it is whole. */
  readonly damage?: readonly StoreDamage[]
  /** This device is out of the account: why, and what a person can do. */
  readonly left?: { readonly reason: LeftReason; readonly hint: string }
}
