/**
 * Invites as the inviting account keeps them: what a proof is checked with, and what names it. The
 * secret itself stands in the code alone, so any device of the account can answer and none can be made
 * to give the code away again (LNK-12).
 */

import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base32nopad } from '@scure/base'
import type { Environment } from '../environment.ts'
import { domainBytes } from '../identity/domain.ts'
import { SECRET_BYTES } from './code-text.ts'

/** How long an invite stands, in ms: ten days (LNK-13). */
export const INVITE_LIFE_MS: number = 10 * 24 * 60 * 60 * 1000

/** What the account's devices share of an invite. */
export interface InviteRecord {
  /** Names it: `i` and base32 of 16 bytes. */
  readonly invite: string
  /** 32 bytes: who holds it can check a proof of the secret, and make one. */
  readonly key: Uint8Array
  /** ms since 1970 UTC */
  readonly createdAt: number
  /** ms since 1970 UTC */
  readonly expiresAt: number
}

/** A new invite: the secret goes into the code, the record to the account's devices. */
export function createInvite({ clock, rng }: Environment): {
  readonly secret: Uint8Array
  readonly record: InviteRecord
} {
  const secret = rng.bytes(SECRET_BYTES)
  const key = inviteKey(secret)
  const createdAt = clock.now()
  const expiresAt = createdAt + INVITE_LIFE_MS
  return { secret, record: { invite: inviteName(inviteId(key)), key, createdAt, expiresAt } }
}

/** What both sides prove to hold. */
export function inviteKey(secret: Uint8Array): Uint8Array {
  return hkdf(sha256, secret, undefined, domainBytes('invite key'), 32)
}

/** Names an invite to whoever answers, without giving it away. 16 bytes. */
export function inviteId(key: Uint8Array): Uint8Array {
  return sha256(domainBytes('invite id', key)).slice(0, 16)
}

/** The text under which the account's devices keep an invite. */
export function inviteName(id: Uint8Array): string {
  return `i${base32nopad.encode(id).toLowerCase()}`
}
