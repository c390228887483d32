/**
 * The envelope: what travels from one device to one other. Everything in it but the ciphertext is in clear
 * for the two devices' peers of the hop, and every byte of it is bound to the ciphertext (SES-8).
 */

import { type Codec, codec } from './codec/codec.ts'
import { mapped, record, type Shape, suite, variants } from './codec/shape.ts'
import { type Agreement, agreementShape } from './session/agreement.ts'
import { type SealedMessage, sealedMessageShape } from './session/message-seal.ts'
import {
  type Freshness,
  freshnessShape,
  type Party,
  partyShape,
  type Scope,
  scopeShape,
} from './session/party.ts'
import { type RatchetHeader, ratchetHeaderShape } from './session/ratchet.ts'

/** What both kinds of envelope say in clear. */
interface EnvelopeFields {
  /** The device that sealed it. */
  readonly sender: Party
  /** The one device that can open it. */
  readonly recipient: Party
  readonly chat: Scope
  readonly freshness: Freshness
  readonly header: RatchetHeader
}

/** Everything of an envelope that is not sealed: the associated data of its message. */
export type EnvelopeHead =
  | (EnvelopeFields & { readonly kind: 'initial'; readonly agreement: Agreement })
  | (EnvelopeFields & { readonly kind: 'ratchet' })

/**
 * A sealed message on its way. `initial` while the initiator of a session was not answered yet: it then
 * carries the agreement along, so that any of its first messages starts the session.
 */
export type Envelope = EnvelopeHead & {
  /** Which algorithms and formats it is made with (MSG-6). */
  readonly suite: 1
  readonly message: SealedMessage
}

/** The longest envelope: a limit of the streams that carry it too. */
export const MAX_ENVELOPE_BYTES: number = 256 * 1024

/** Longer than any head: 2.6 kB of agreement, 0.4 kB else. */
const MAX_HEAD_BYTES = 4096

const fields = {
  sender: partyShape,
  recipient: partyShape,
  chat: scopeShape,
  freshness: freshnessShape,
  header: ratchetHeaderShape,
} as const

const headShape: Shape<EnvelopeHead> = variants('kind', {
  initial: record({ ...fields, agreement: agreementShape }),
  ratchet: record(fields),
})

const headCodec: Codec<readonly [1, EnvelopeHead]> = codec(
  mapped(
    record({ suite: suite(1), head: headShape }),
    ([suite, head]: readonly [1, EnvelopeHead]) => ({ suite, head }),
    ({ suite, head }) => [suite, head] as const,
  ),
  { maxBytes: MAX_HEAD_BYTES },
)

/** The bytes of a head that a message is bound to; the suite is one of them. */
export function encodeHead(head: EnvelopeHead): Uint8Array {
  return headCodec.encode([1, head])
}

/** Envelopes as bytes. In every suite an envelope is an array of suite, head and message (MSG-6). */
export const envelopeCodec: Codec<Envelope> = codec(
  mapped(
    record({ suite: suite(1), head: headShape, message: sealedMessageShape }),
    ({ suite, message, ...head }: Envelope) => ({ suite, head, message }),
    ({ suite, head, message }) => ({ suite, ...head, message }),
  ),
  { maxBytes: MAX_ENVELOPE_BYTES },
)
