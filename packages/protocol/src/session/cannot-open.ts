/**
 * What a device says to another whose envelope it cannot open: signed, and sealed on a fresh session, so
 * that the sender knows who lost the session and for which envelope (protocol.md §4). Nothing is sealed
 * again on the word of somebody who merely sits on the way.
 */

import { equalBytes } from '../codec/bytes.ts'
import { type Codec, codec } from '../codec/codec.ts'
import { messageId } from '../codec/id-shapes.ts'
import { bytes, record, suite } from '../codec/shape.ts'
import { domainBytes } from '../identity/domain.ts'
import { type Signer, verifySignature } from '../identity/keys.ts'
import { type MessageId, publicKeyOfDevice } from '../ids.ts'
import { isSameParty, type Party, partyShape } from './party.ts'
import { X25519_KEY_BYTES } from './primitives.ts'

/** Which envelope could not be opened, by whom, and who sealed it. */
export interface Unopened {
  /** The device it was for. */
  readonly by: Party
  /** The device that sealed it. */
  readonly to: Party
  /** What it was announced as. */
  readonly message: MessageId
  /** Ratchet key of its header: an envelope that was sealed again is another one. */
  readonly ratchetKey: Uint8Array
}

/** The signed record (SES-26). */
export interface CannotOpen extends Unopened {
  readonly suite: 1
  /** Ed25519 by the device key of `by` over everything above. */
  readonly signature: Uint8Array
}

/** Signs the record with the key of the device that could not open. */
export async function signCannotOpen(unopened: Unopened, signer: Signer): Promise<CannotOpen> {
  const { by, to, message, ratchetKey } = unopened
  const body: CannotOpenBody = { suite: 1, by, to, message, ratchetKey }
  return { ...body, signature: await signer.sign(signedBytes(body)) }
}

/** Whether a record is about that very envelope and signed by the device it was for (SES-27). */
export function isCannotOpenOf(said: CannotOpen, expected: Unopened): boolean {
  return (
    isSameParty(said.by, expected.by) &&
    isSameParty(said.to, expected.to) &&
    said.message === expected.message &&
    equalBytes(said.ratchetKey, expected.ratchetKey) &&
    verifySignature(publicKeyOfDevice(expected.by.device), signedBytes(said), said.signature)
  )
}

type CannotOpenBody = Omit<CannotOpen, 'signature'>

const bodyFields = {
  suite: suite(1),
  by: partyShape,
  to: partyShape,
  message: messageId,
  ratchetKey: bytes({ length: X25519_KEY_BYTES }),
} as const

/** Some 290 bytes. */
const MAX_BYTES = 512

const bodyCodec: Codec<CannotOpenBody> = codec(record(bodyFields), { maxBytes: MAX_BYTES })

function signedBytes({ suite, by, to, message, ratchetKey }: CannotOpenBody): Uint8Array {
  return domainBytes('cannot open', bodyCodec.encode({ suite, by, to, message, ratchetKey }))
}

/** Records as bytes. Decoding proves nothing yet: see {@link isCannotOpenOf}. */
export const cannotOpenCodec: Codec<CannotOpen> = codec(
  record({ ...bodyFields, signature: bytes({ length: 64 }) }),
  { maxBytes: MAX_BYTES },
)
