import type { AccountId, ErrorCode, LogAge, LogMark } from '@kithmesh/protocol'

export interface Contact {
  readonly contact: AccountId
  readonly name: string
  /** Whether the security codes were compared: on any device of this account. */
  readonly verified: boolean
  /** Number of its devices. */
  readonly devices: number
  /** ms since 1970 UTC */
  readonly verifiedAt?: number
  /** The account this person had before; its messages stand in this one's history. */
  readonly replaces?: AccountId
  /** The account that took this one's place. `list` leaves this one out. */
  readonly replacedBy?: AccountId
  /** An earlier contact that a device of this one belonged to: maybe the same person (`replace`). */
  readonly maybeReplaces?: AccountId
  /** The account was made anew, and nobody has accepted or verified it. */
  readonly changed?: boolean
  /** The account before was verified: nothing is sent until this one is accepted. */
  readonly held?: boolean
  /**
   * `forked`: a device of theirs wrote two entries in one place. `logs-differ`: their screen showed
   * another device log than the one that reaches us.
   */
  readonly alert?: 'forked' | 'logs-differ'
}

/** What two people compare: the same 60 digits on both devices. */
export interface SecurityCode {
  readonly digits: string
  /** The digits in twelve groups of five. */
  readonly groups: readonly string[]
  /** The code to scan: upper-case text, a QR code of 41 modules. */
  readonly qr: string
  readonly verified: boolean
  /** What this device holds of both device logs, as the QR code says it. */
  readonly logs: { readonly own: LogMark; readonly theirs: LogMark }
}

/** What verifying came to. Only the first two mark the contact as verified. */
export type Verification =
  | { readonly kind: 'verified' }
  /** The accounts are the right ones; one of the devices knows less of a device log. They exchange now. */
  | { readonly kind: 'logs-differ'; readonly own: LogAge; readonly theirs: LogAge }
  /** Their device shows another code for this contact: somebody else may stand between the two. */
  | { readonly kind: 'different' }
  /** A code of somebody else; of `contact`, when it is one. */
  | { readonly kind: 'another-person'; readonly contact?: AccountId }
  /** The code this account's own devices show. */
  | { readonly kind: 'own-code' }
  | { readonly kind: 'unreadable'; readonly code: ErrorCode }
