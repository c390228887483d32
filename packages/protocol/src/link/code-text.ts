/**
 * Codes as text that people scan, paste and at worst type: a prefix that says what it is for, upper-case
 * base32 (which a QR code holds in its alphanumeric mode), a version, a checksum (LNK-1).
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { base32nopad } from '@scure/base'
import { equalBytes } from '../codec/bytes.ts'
import { KithError } from '../errors.ts'
import { domainBytes, joinBytes, type Purpose } from '../identity/domain.ts'

/** What a code is for, and how that begins. */
const PREFIXES = {
  link: 'WEB+KITH:L/',
  join: 'WEB+KITH:J/',
  invite: 'WEB+KITH:C/',
  verify: 'WEB+KITH:V/',
  relay: 'WEB+KITH:R/',
} as const

const CHECKSUM_PURPOSES: Readonly<Record<CodeKind, Purpose>> = {
  link: 'link code checksum',
  join: 'join code checksum',
  invite: 'invite code checksum',
  verify: 'security code checksum',
  relay: 'relay code checksum',
}

/** The kinds of code there are. */
export type CodeKind = keyof typeof PREFIXES

const CODE_VERSION = 1
/** Tells a mistyped code from a wrong one: one slip in 2^32 passes. */
const CHECKSUM_BYTES = 4
/** Above the longest code with two addresses of 160 bytes, white space included. */
const MAX_TEXT_LENGTH = 2048
/** Addresses in a code, and bytes of one: a webrtc-direct address with its hash is about 100 (LNK-1). */
const MAX_ADDRESSES = 2
const MAX_ADDRESS_BYTES = 160
/** 128 bits: nobody guesses it in 60 s, nor in ten days. */
export const SECRET_BYTES = 16

/** What stands in every code behind its own fields. */
export interface CodeTail {
  /** 16 bytes, known to who shows the code and who reads it. */
  readonly secret: Uint8Array
  /** Binary multiaddrs to dial, at most 2 of at most 160 bytes. */
  readonly addresses: readonly Uint8Array[]
}

/** The text of a code. @throws ERR_TOO_LARGE for what does not fit a code */
export function codeToText(kind: CodeKind, head: Uint8Array, tail: CodeTail): string {
  const { secret, addresses } = tail
  const fits = addresses.every(({ length }) => length > 0 && length <= MAX_ADDRESS_BYTES)
  if (secret.length !== SECRET_BYTES || addresses.length > MAX_ADDRESSES || !fits) {
    throw new KithError('ERR_TOO_LARGE', 'a secret or an address that does not fit a code')
  }
  const listed = addresses.flatMap((address) => [Uint8Array.of(address.length), address])
  return codeBodyToText(kind, joinBytes(head, secret, ...listed))
}

/** The text of a code that holds what it holds in one piece. */
export function codeBodyToText(kind: CodeKind, body: Uint8Array): string {
  const versioned = joinBytes(Uint8Array.of(CODE_VERSION), body)
  return PREFIXES[kind] + base32nopad.encode(joinBytes(versioned, checksum(kind, versioned)))
}

/**
 * Reads the text of a code, in any case and with any white space in it.
 *
 * @throws ERR_CODE_KIND for a code that is for something else, ERR_CODE_VERSION for one of a later
 * version, ERR_CODE_MALFORMED for what is no code, or not a whole one
 */
export function codeFromText(
  kind: CodeKind,
  text: string,
  headBytes: number,
): CodeTail & { readonly head: Uint8Array } {
  const body = codeBodyFromText(kind, text)
  const secretAt = headBytes
  const addressesAt = secretAt + SECRET_BYTES
  if (body.length < addressesAt) throw malformed()
  return {
    head: body.slice(0, secretAt),
    secret: body.slice(secretAt, addressesAt),
    addresses: addressesIn(body.subarray(addressesAt)),
  }
}

/**
 * What a code holds, behind its version and before its checksum.
 *
 * @throws ERR_CODE_KIND, ERR_CODE_VERSION, ERR_CODE_MALFORMED as {@link codeFromText}
 */
export function codeBodyFromText(kind: CodeKind, text: string): Uint8Array {
  const bytes = bytesOfText(kind, text)
  const body = bytes.subarray(0, -CHECKSUM_BYTES)
  if (!equalBytes(checksum(kind, body), bytes.subarray(-CHECKSUM_BYTES))) throw malformed()
  if (body[0] !== CODE_VERSION) {
    throw new KithError('ERR_CODE_VERSION', 'a code of another version', {
      hint: 'Update the older of the two devices.',
    })
  }
  return body.subarray(1)
}

function bytesOfText(kind: CodeKind, text: string): Uint8Array {
  if (typeof text !== 'string' || text.length > MAX_TEXT_LENGTH) throw malformed()
  const plain = text.replaceAll(/\s/g, '').toUpperCase()
  if (!plain.startsWith(PREFIXES[kind])) throw otherKind(kind, plain)
  try {
    return base32nopad.decode(plain.slice(PREFIXES[kind].length))
  } catch {
    throw malformed()
  }
}

function otherKind(kind: CodeKind, plain: string): KithError {
  if (!/^WEB\+KITH:[A-Z]\//.test(plain)) return malformed()
  const swapped = SWAPPED[kind]
  if (swapped && plain.startsWith(PREFIXES[swapped.other])) {
    return new KithError('ERR_CODE_ROLE', swapped.message, { hint: swapped.hint })
  }
  const isKnown = Object.values(PREFIXES).some((prefix) => plain.startsWith(prefix))
  return new KithError('ERR_CODE_KIND', 'a code for something else', {
    hint: isKnown
      ? 'Link codes belong into "link a device", invite codes into "add a contact", security codes into "verify", relay codes into "claim a relay".'
      : 'Update this device.',
  })
}

/** Both are for linking a device; which of the two shows the code makes the difference (LNK-16). */
const SWAPPED: Readonly<
  Partial<
    Record<CodeKind, { readonly other: CodeKind; readonly message: string; readonly hint: string }>
  >
> = {
  link: {
    other: 'join',
    message: 'this code is shown by a device that has an account, not by a new one',
    hint: 'Read it on the new device, or have the new device show a code and read that here.',
  },
  join: {
    other: 'link',
    message: 'this code is shown by a new device, not by one that has an account',
    hint: 'Read it on a device that is linked, or have that one show a code and read it here.',
  },
}

function addressesIn(bytes: Uint8Array): readonly Uint8Array[] {
  const addresses: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    const address = bytes.slice(at + 1, at + 1 + length)
    const fits = length > 0 && length <= MAX_ADDRESS_BYTES && address.length === length
    if (!fits || addresses.length === MAX_ADDRESSES) throw malformed()
    addresses.push(address)
    at += 1 + length
  }
  return addresses
}

function checksum(kind: CodeKind, body: Uint8Array): Uint8Array {
  return sha256(domainBytes(CHECKSUM_PURPOSES[kind], body)).subarray(0, CHECKSUM_BYTES)
}

function malformed(): KithError {
  return new KithError('ERR_CODE_MALFORMED', 'not a whole code', { hint: 'Copy it again.' })
}
