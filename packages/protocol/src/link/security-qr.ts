/**
 * What a person scans from the other's screen instead of reading 60 digits: both sides of the security
 * code, and how far the showing device knows both device logs (ID-12).
 */

import { compareBytes, equalSecrets } from '../codec/bytes.ts'
import { type ErrorCode, isKithError, KithError } from '../errors.ts'
import { joinBytes } from '../identity/domain.ts'
import { FINGERPRINT_BYTES } from '../identity/security-code.ts'
import { codeBodyFromText, codeBodyToText } from './code-text.ts'

/** Bytes of a log's head in the code: 160 bits, so that the symbol fits a terminal of 80 × 24. */
const HEAD_BYTES = 20
/** Bytes of a log's number of entries. */
const SIZE_BYTES = 2
const MARK_BYTES = HEAD_BYTES + SIZE_BYTES
const BODY_BYTES = 2 * (FINGERPRINT_BYTES + MARK_BYTES)

/** How far a device log is known: its head, and how many entries it has. */
export interface LogMark {
  /** At least 20 bytes; the first 20 count. */
  readonly head: Uint8Array
  /** 0…65,535 */
  readonly size: number
}

/** One of the two accounts of a security code. */
export interface SecuritySide {
  /** 32 bytes (`accountFingerprint`). */
  readonly fingerprint: Uint8Array
  readonly log: LogMark
}

/** A security code as one device sees it. */
export interface SecurityView {
  readonly own: SecuritySide
  readonly theirs: SecuritySide
}

/** Which of two devices knows less of a log; `unclear` when both know something the other lacks. */
export type LogAge = 'same' | 'older-here' | 'older-there' | 'unclear'

/** What a scanned code means here (ID-13). */
export type SecurityComparison =
  | { readonly kind: 'same' }
  /** The accounts are the right ones; what the devices know of their device logs is not the same. */
  | { readonly kind: 'logs-differ'; readonly own: LogAge; readonly theirs: LogAge }
  /** One side fits and the other does not: somebody else may stand between the two. */
  | { readonly kind: 'different'; readonly shownBy: Uint8Array }
  /** Neither side fits: a code of two other people. */
  | { readonly kind: 'another-person'; readonly shownBy: Uint8Array }
  /** The code of this very account. */
  | { readonly kind: 'own-code' }
  | { readonly kind: 'unreadable'; readonly code: ErrorCode }

/**
 * The text of a security code to scan; as a QR code of 41 modules it fits a terminal.
 *
 * @throws ERR_TOO_LARGE for what does not fit it
 */
export function createSecurityQr({ own, theirs }: SecurityView): string {
  return codeBodyToText('verify', joinBytes(sideToBytes(own), sideToBytes(theirs)))
}

/**
 * Reads the text of a security code, in any case and with any white space in it. The heads in it have
 * 20 bytes.
 *
 * @throws ERR_CODE_MALFORMED, ERR_CODE_VERSION, ERR_CODE_KIND
 */
export function parseSecurityQr(text: string): SecurityView {
  const body = codeBodyFromText('verify', text)
  if (body.length !== BODY_BYTES) throw new KithError('ERR_CODE_MALFORMED', 'not a whole code')
  const half = BODY_BYTES / 2
  return { own: sideFromBytes(body.subarray(0, half)), theirs: sideFromBytes(body.subarray(half)) }
}

/** Compares what this device sees with what the other one shows; takes the same time wherever they differ. */
export function compareSecurityQr(here: SecurityView, scanned: string): SecurityComparison {
  const there = parsedOrCode(scanned)
  if (typeof there === 'string') return { kind: 'unreadable', code: there }
  const shownBy = there.own.fingerprint
  const isTheirs = equalSecrets(shownBy, here.theirs.fingerprint)
  const isForUs = equalSecrets(there.theirs.fingerprint, here.own.fingerprint)
  const isOurs = equalSecrets(shownBy, here.own.fingerprint)
  if (isTheirs && isForUs) return comparedLogs(here, there)
  if (isOurs) return { kind: 'own-code' }
  return { kind: isTheirs || isForUs ? 'different' : 'another-person', shownBy }
}

function comparedLogs(here: SecurityView, there: SecurityView): SecurityComparison {
  const own = ageOf(here.own.log, there.theirs.log)
  const theirs = ageOf(here.theirs.log, there.own.log)
  return own === 'same' && theirs === 'same'
    ? { kind: 'same' }
    : { kind: 'logs-differ', own, theirs }
}

/** A log only grows in entries, but for those that stop counting: the number is a hint, the head decides. */
function ageOf(here: LogMark, there: LogMark): LogAge {
  if (isSameHead(here.head, there.head)) return 'same'
  if (here.size === there.size) return 'unclear'
  return here.size < there.size ? 'older-here' : 'older-there'
}

/** Whether two heads, whole or cut to what a code holds, are of the same log. */
export function isSameHead(one: Uint8Array, other: Uint8Array): boolean {
  return compareBytes(one.subarray(0, HEAD_BYTES), other.subarray(0, HEAD_BYTES)) === 0
}

function sideToBytes({ fingerprint, log }: SecuritySide): Uint8Array {
  const { head, size } = log
  const fits = fingerprint.length === FINGERPRINT_BYTES && head.length >= HEAD_BYTES
  if (!fits || !Number.isInteger(size) || size < 0 || size > 0xffff) {
    throw new KithError('ERR_TOO_LARGE', 'a fingerprint or a device log that does not fit a code')
  }
  return joinBytes(fingerprint, head.subarray(0, HEAD_BYTES), Uint8Array.of(size >> 8, size & 0xff))
}

function sideFromBytes(bytes: Uint8Array): SecuritySide {
  const size = bytes.subarray(-SIZE_BYTES)
  return {
    fingerprint: bytes.slice(0, FINGERPRINT_BYTES),
    log: {
      head: bytes.slice(FINGERPRINT_BYTES, -SIZE_BYTES),
      size: (size[0] ?? 0) * 256 + (size[1] ?? 0),
    },
  }
}

function parsedOrCode(text: string): SecurityView | ErrorCode {
  try {
    return parseSecurityQr(text)
  } catch (error) {
    if (isKithError(error)) return error.code
    throw error
  }
}
