import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { Device, LeftReason } from './devices.ts'
import type { Waiting } from './messages.ts'
import type { StoreDamage } from './store.ts'

/** How a device is reached now. */
export interface Way {
  readonly path: 'lan' | 'direct' | 'relayed' | 'away'
  /** What carries the connection (`Reachability` of the net); missing while there is none. */
  readonly over?: 'tcp' | 'websocket' | 'webrtc' | 'splice' | 'circuit'
  /** One sentence: how, or why not. */
  readonly reason: string
  /** When it was last connected here, ms since 1970 UTC. */
  readonly lastSeen?: number
}

/** A relay this device was given, and whether it holds a place there. */
export interface RelayStatus {
  readonly address: string
  readonly state: string
  /** Why not, in one sentence. */
  readonly reason?: string
}

/** A device of a contact, and the way to it now. */
export interface ContactDevice extends Way {
  readonly device: DeviceId
}

export interface Status {
  readonly account: AccountId
  readonly device: DeviceId
  readonly name: string
  /** Whether others can reach this device from other networks, as far as it can know (NET-58). */
  readonly reachable: 'yes' | 'no' | 'unknown'
  /** How, or why not, in one sentence. */
  readonly reachableReason: string
  readonly devices: readonly Device[]
  /** Contacts by name, with the way to each of their devices. Missing on a device that is out. */
  readonly contacts?: readonly {
    readonly contact: AccountId
    readonly name: string
    readonly devices: readonly ContactDevice[]
  }[]
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
