/**
 * The life of a link code on the device that shows it: 60 s by its own monotonic clock, one use, at most
 * 5 bad proofs; then another secret (LNK-3 … LNK-5). Nobody else's clock has a say, and the wall clock
 * of this device has none either.
 */

import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '../codec/bytes.ts'
import type { Environment } from '../environment.ts'
import { domainBytes } from '../identity/domain.ts'
import { SECRET_BYTES } from './code-text.ts'

/** How long a code may be used, in ms. */
export const CODE_LIFE_MS = 60_000
/** Bad proofs after which a code is no more. */
export const MAX_BAD_PROOFS = 5
/** Ended codes whose end is remembered, so that a late device learns why it is refused. */
const MAX_ENDED = 16

/** Why a code is no more. */
export type CodeEnd = 'ERR_CODE_EXPIRED' | 'ERR_CODE_USED' | 'ERR_LINK_ATTEMPTS'

/** The code that stands and how earlier ones ended. Never changed: each step makes a new one. */
export interface CodeLife {
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** When the secret was drawn, by the monotonic clock. */
  readonly drawnAt: number
  readonly badProofs: number
  /** Ids of earlier codes, newest first. Their secrets are forgotten. */
  readonly ended: readonly { readonly id: Uint8Array; readonly end: CodeEnd }[]
}

/** A first code. */
export function openCodeLife(environment: Environment): CodeLife {
  return draw(environment, [])
}

/** The life as it stands now: with another code when the time of the last is over (LNK-3). */
export function currentCodeLife(life: CodeLife, environment: Environment): CodeLife {
  return codeExpiresInMs(life, environment) > 0
    ? life
    : endCode(life, { end: 'ERR_CODE_EXPIRED' }, environment)
}

/** How long the code still stands, in ms; 0 when its time is over. */
export function codeExpiresInMs(life: CodeLife, { clock }: Environment): number {
  return Math.max(0, life.drawnAt + CODE_LIFE_MS - clock.monotonic())
}

/** Another code in its place, however this one ended. */
export function endCode(
  life: CodeLife,
  { end }: { readonly end: CodeEnd },
  environment: Environment,
): CodeLife {
  const id = linkCodeId(linkCodeKey(life.secret))
  return draw(environment, [{ id, end }, ...life.ended].slice(0, MAX_ENDED))
}

/** Counts a bad proof; the fifth ends the code (LNK-5). */
export function countBadProof(life: CodeLife, environment: Environment): CodeLife {
  const badProofs = life.badProofs + 1
  return badProofs < MAX_BAD_PROOFS
    ? { ...life, badProofs }
    : endCode(life, { end: 'ERR_LINK_ATTEMPTS' }, environment)
}

/** How the code with this id ended; nothing for the one that stands and for those never drawn. */
export function endOfCode(life: CodeLife, id: Uint8Array): CodeEnd | undefined {
  return life.ended.find((ended) => equalBytes(ended.id, id))?.end
}

/** What both sides prove to hold: derived, so that the secret itself is used for nothing else. */
export function linkCodeKey(secret: Uint8Array): Uint8Array {
  return hkdf(sha256, secret, undefined, domainBytes('link key'), 32)
}

/** Names a code without giving it away. 16 bytes. */
export function linkCodeId(key: Uint8Array): Uint8Array {
  return sha256(domainBytes('link code id', key)).slice(0, 16)
}

function draw({ clock, rng }: Environment, ended: CodeLife['ended']): CodeLife {
  const secret = rng.bytes(SECRET_BYTES)
  return { secret, drawnAt: clock.monotonic(), badProofs: 0, ended }
}
