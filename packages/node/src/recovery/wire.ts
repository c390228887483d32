import {
  type AccountId,
  accountId,
  bytes,
  type Codec,
  codec,
  MAX_COPY_BYTES,
  MAX_LOG_BYTES,
  optional,
  RECOVERY_NONCE_BYTES,
  record,
  type Shape,
  text,
  uint,
  variants,
} from '@kithmesh/protocol'
import { RECOVERY } from '../protocols.ts'

/** A frame of `/kith/recovery/1`. Whoever opens the stream says one of the first three. */
export type RecoveryFrame =
  /** I have a copy of my account for you to keep. */
  | { readonly kind: 'offer' }
  /** Keep no copy of my account any more. */
  | { readonly kind: 'forget' }
  /** I have the words of an account and nothing else of it. */
  | { readonly kind: 'ask' }
  /** Give it, if its number is above this one. */
  | { readonly kind: 'want'; readonly above: number }
  | { readonly kind: 'enough' }
  | { readonly kind: 'copy'; readonly copy: Uint8Array }
  | { readonly kind: 'challenge'; readonly nonce: Uint8Array }
  /** `log`: the account was recovered; this is its device log now. Else: say what you have of it. */
  | {
      readonly kind: 'proof'
      readonly root: Uint8Array
      readonly signature: Uint8Array
      readonly log?: Uint8Array
    }
  /** It is the root neither of my account nor of a contact. */
  | { readonly kind: 'unknown' }
  /** Its account, whose I am, and what that one calls itself. */
  | {
      readonly kind: 'account'
      readonly account: AccountId
      readonly own: AccountId
      readonly name: string
    }
  | { readonly kind: 'log'; readonly account: AccountId; readonly entries: Uint8Array }
  | { readonly kind: 'done' }

/** What a frame of one kind says. */
export type FrameOf<K extends RecoveryFrame['kind']> = Extract<RecoveryFrame, { readonly kind: K }>

const recoveryShape: Shape<RecoveryFrame> = variants('kind', {
  offer: record({}),
  forget: record({}),
  ask: record({}),
  want: record({ above: uint() }),
  enough: record({}),
  copy: record({ copy: bytes({ max: MAX_COPY_BYTES }) }),
  challenge: record({ nonce: bytes({ length: RECOVERY_NONCE_BYTES }) }),
  proof: record({
    root: bytes({ length: 32 }),
    signature: bytes({ length: 64 }),
    log: optional(bytes({ max: MAX_LOG_BYTES })),
  }),
  unknown: record({}),
  account: record({ account: accountId, own: accountId, name: text({ max: 512 }) }),
  log: record({ account: accountId, entries: bytes({ max: MAX_LOG_BYTES }) }),
  done: record({}),
})

/** Frames of `/kith/recovery/1`. */
export const recoveryCodec: Codec<RecoveryFrame> = codec(recoveryShape, {
  maxBytes: RECOVERY.maxFrameBytes,
})
