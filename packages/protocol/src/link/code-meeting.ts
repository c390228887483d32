/**
 * Meeting by a code (LNK-3 … LNK-7): who shows it answers, who reads it dials. The same for the code of a
 * new device and for that of an existing one; what is proved in one way proves nothing in the other.
 */

import { equalBytes } from '../codec/bytes.ts'
import type { Environment } from '../environment.ts'
import type { ChannelEnds } from './channel.ts'
import {
  type CodeLife,
  countBadProof,
  currentCodeLife,
  endCode,
  endOfCode,
  linkCodeId,
  linkCodeKey,
} from './code-life.ts'
import type { JoinCode, LinkCode } from './link-code.ts'
import type { DeviceDescription } from './link-messages.ts'
import { answerMeeting, dialMeeting, type LinkAnswered, type LinkDialled } from './meeting.ts'
import type { RefusalCode, Refused } from './refusal.ts'

/** A code that was read, and the device that read it. */
export interface CodeDialling {
  readonly code: LinkCode | JoinCode
  readonly self: ChannelEnds['self']
  /** What this device says it is. */
  readonly description: DeviceDescription
}

/** Proves a code's secret to the device that shows it. */
export function dialCode(
  { code, self, description }: CodeDialling,
  { rng }: Environment,
): { readonly state: LinkDialled; readonly send: Uint8Array } {
  const key = linkCodeKey(code.secret)
  const way = code.kind === 'link-code' ? 'link' : 'join'
  const dialling = { way, key: { key, id: linkCodeId(key) }, self, peer: code.device } as const
  return dialMeeting({ ...dialling, description }, rng)
}

/** Who this device is, to whom it speaks, and the code it shows. */
export interface CodeAnswering extends ChannelEnds {
  /** `link` on a new device, `join` on an existing one. */
  readonly way: 'link' | 'join'
  readonly description: DeviceDescription
  readonly life: CodeLife
}

/**
 * Checks the proof of whoever dialled and proves the secret in turn. Whatever comes out, `life` is the
 * life of the code from now on: after one good proof, after 60 s and after 5 bad proofs there is another
 * code to show (LNK-3 … LNK-5).
 */
export function answerCode(
  { way, self, peer, description, life: shown }: CodeAnswering,
  frame: Uint8Array,
  environment: Environment,
):
  | {
      readonly kind: 'answered'
      readonly life: CodeLife
      readonly state: LinkAnswered
      readonly send: Uint8Array
    }
  | (Refused & { readonly life: CodeLife }) {
  const life = currentCodeLife(shown, environment)
  const answering = { way, self, peer, keyOf: (id: Uint8Array) => keyOf(life, id), description }
  const answer = answerMeeting(answering, frame, environment.rng)
  if (answer.kind === 'answered') {
    return { ...answer, life: endCode(life, { end: 'ERR_CODE_USED' }, environment) }
  }
  // With nothing to send it was the other side that gave up: that is no proof.
  const isBadProof = answer.code === 'ERR_CODE_WRONG_SECRET' && answer.send !== undefined
  return { ...answer, life: isBadProof ? countBadProof(life, environment) : life }
}

function keyOf(life: CodeLife, id: Uint8Array): Uint8Array | RefusalCode {
  const key = linkCodeKey(life.secret)
  if (equalBytes(linkCodeId(key), id)) return key
  return endOfCode(life, id) ?? 'ERR_CODE_WRONG_SECRET'
}
