import type { AccountId, DeviceId } from '@kithmesh/protocol'

/** A linked device of this account. */
export interface Device {
  readonly device: DeviceId
  readonly name: string
  /** `cli`, `browser`, … as the device said when it was linked. */
  readonly kind: string
  readonly this: boolean
  readonly state: 'active' | 'held' | 'suspended' | 'unlinked'
  /** ms since 1970 UTC */
  readonly addedAt: number
  readonly lastSeen?: number
  readonly path: 'this' | 'lan' | 'direct' | 'relayed' | 'away'
  /** What carries the connection to it; missing while there is none. */
  readonly over?: 'tcp' | 'websocket' | 'webrtc' | 'splice' | 'circuit'
  readonly reason: string
  /** Account log records this device is known to lack. */
  readonly pending: number
  /** The device that linked it; none for the first one. */
  readonly linkedBy?: DeviceId
  /** It is out from then on, ms since 1970 UTC. */
  readonly expiresAt?: number
  /** Message history is served to it from then on, ms since 1970 UTC; missing when that is now. */
  readonly historyAt?: number
  /** It gets messages from then on, and none older, ms since 1970 UTC; missing when it gets all. */
  readonly historySince?: number
  /** Why it is out, when somebody suspended it itself, by the newest suspension. */
  readonly suspended?: {
    readonly reason: 'lost' | 'idle' | 'left' | 'revoked'
    readonly by: DeviceId
    /** ms since 1970 UTC */
    readonly at: number
  }
  /** Days without a meeting until this device suspends it as idle. */
  readonly idleIn?: number
  /**
   * This device began to link it, and it never said that it has what the account shares: it is to be linked again
   * by its code, or unlinked. Goes away when it comes by itself.
   */
  readonly unfinished?: true
  /** What this device may do to it. */
  readonly mayUnlink: boolean
  readonly maySuspend: boolean
  readonly mayReadmit: boolean
}

/** Why a device is out of its account. `held`: it would be in, but the account has its 8. */
export type LeftReason = 'unlinked' | 'suspended' | 'left' | 'expired' | 'recovered' | 'held'

/**
 * A device was seen to have written two things in one place: it was cloned or restored from a backup, or
 * its key is stolen.
 */
export interface DeviceAlert {
  readonly account: AccountId
  readonly device: DeviceId
  /** Of this account; else of a contact. */
  readonly own: boolean
  /** Where: in the device log, or among the records of the account. */
  readonly kind: 'log' | 'records'
  /** When it was noticed here, ms since 1970 UTC. */
  readonly at: number
  /** Two signed entries that prove it to anybody (`forkProofCodec`); empty for `records`. */
  readonly proof: Uint8Array
}
