import { remembered } from '../codec/remembered.ts'

/** What bytes are signed, hashed or derived for. One purpose, one meaning (ID-2). */
export type Purpose =
  // ids
  | 'account id'
  | 'entry id'
  | 'kept place'
  | 'direct chat id'
  | 'message id'
  // keys out of the account's entropy
  | 'root key'
  | 'recovery key'
  // device log
  | 'device log root'
  | 'device log entry'
  | 'device log countersignature'
  | 'device log recovery'
  | 'device log head'
  // recovery
  | 'recovery copy'
  | 'recovery copy signature'
  | 'recovery proof'
  // codes, linking, inviting
  | 'link code checksum'
  | 'join code checksum'
  | 'link code id'
  | 'link key'
  | 'link proof'
  | 'link transcript'
  | 'link seal'
  | 'link share'
  | 'link digits'
  | 'join proof'
  | 'join transcript'
  | 'join seal'
  | 'nearby key'
  | 'nearby proof'
  | 'nearby transcript'
  | 'nearby seal'
  | 'invite code checksum'
  | 'invite id'
  | 'invite key'
  | 'invite proof'
  | 'invite transcript'
  | 'invite seal'
  | 'security code checksum'
  | 'relay code checksum'
  | 'relay tag'
  | 'relay proof'
  // sessions
  | 'device card'
  | 'session agreement'
  | 'session binding'
  | 'session root'
  | 'session chain'
  | 'session message'
  | 'session commitment'
  | 'session associated data'
  | 'cannot open'
  // account log
  | 'account record'
  | 'account epoch'
  | 'account seal'
  | 'account pack'
  | 'account heads'
  | 'history digest'
  // lockboxes
  | 'lockbox'
  | 'epoch grant'
  // disk
  | 'store key'
  | 'store value'
  | 'store hidden part'
  | 'store fingerprint'
  | 'store anchor'
  | 'home key wrap'
  | 'home secret'

const text = new TextEncoder()

/**
 * The bytes that are signed, hashed or derived from, instead of the bare body: `kith/v1/<purpose>`,
 * a zero byte, then the parts one after the other. No purpose is the beginning of another with its
 * zero byte, so bytes made for one purpose never equal bytes made for another (ID-2).
 *
 * Parts are joined without lengths: all but the last must have a fixed length.
 */
export function domainBytes(purpose: Purpose, ...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(prefixOf(purpose), ...parts)
}

const prefixOf = remembered((purpose) => text.encode(`kith/v1/${purpose}\0`))

/** Byte arrays one after the other, in a new array. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
