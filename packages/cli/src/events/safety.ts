/** Events about the lock and the recovery words: part of the contract of events.ts (CLI-1, CLI-2). */

import { flag, list, nullable, oneOf, record, type Shape, uint } from '../shape.ts'
import { count, reason, word } from './bounds.ts'

/** What locks the device, after a command that changed it. */
export interface LockEvent {
  readonly event: 'lock'
  readonly locked: boolean
  /** A passphrase is set. */
  readonly passphrase: boolean
  /** The keyring of the computer unlocks it when it starts. */
  readonly keyring: boolean
  readonly autoLockMinutes: number | null
  /** What a short passphrase does not protect. */
  readonly warning: string | null
}

/** Whether the recovery words are still on this device. */
export type RecoveryWordsState = 'kept' | 'confirmed' | 'absent'

export interface RecoveryEvent {
  readonly event: 'recovery'
  readonly state: RecoveryWordsState
}

export interface RecoveryWordsEvent {
  readonly event: 'recovery-words'
  /** In their order. */
  readonly words: readonly string[]
}

/** Which words are asked for, by their places from 1. */
export interface RecoveryChallengeEvent {
  readonly event: 'recovery-challenge'
  readonly places: readonly number[]
}

/** Whether contacts are given sealed copies of the account data. */
export interface RecoveryCopiesEvent {
  readonly event: 'recovery-copies'
  readonly on: boolean
}

/** What a recovery will do, before it does anything. */
export interface RecoveryPlanEvent {
  readonly event: 'recovery-plan'
  readonly account: string
  readonly name: string
  readonly since: string
  readonly devices: readonly {
    readonly device: string
    readonly name: string
    readonly kind: string
    readonly kept: boolean
    readonly answered: boolean
  }[]
  readonly contacts: number
  readonly starred: number
  readonly settings: number
  readonly copyMadeAt: string | null
  readonly fromRemoved: boolean
  readonly history: 'kept-devices' | 'none'
  readonly sources: readonly {
    readonly device: string
    readonly own: boolean
    readonly name: string
  }[]
}

/** Any of them that answers a command. */
export type SafetyEvent =
  | LockEvent
  | RecoveryEvent
  | RecoveryWordsEvent
  | RecoveryChallengeEvent
  | RecoveryCopiesEvent

/** How each is read from the running device. */
export const SAFETY_SHAPES: {
  readonly [E in SafetyEvent as E['event']]: Shape<E>
} = {
  lock: record({
    event: oneOf('lock'),
    locked: flag(),
    passphrase: flag(),
    keyring: flag(),
    autoLockMinutes: nullable(count),
    warning: nullable(reason),
  }),
  recovery: record({ event: oneOf('recovery'), state: oneOf('kept', 'confirmed', 'absent') }),
  'recovery-words': record({ event: oneOf('recovery-words'), words: list(word, { max: 12 }) }),
  'recovery-challenge': record({
    event: oneOf('recovery-challenge'),
    places: list(uint({ max: 12 }), { max: 12 }),
  }),
  'recovery-copies': record({ event: oneOf('recovery-copies'), on: flag() }),
}
