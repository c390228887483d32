/** envelope.json: every kind of envelope as bytes (MSG-6, SES-8). */

import { type Envelope, type EnvelopeHead, encodeHead } from '../../../src/envelope.ts'
import { type Agreement, envelopeCodec, parseChatId, type Scope } from '../../../src/index.ts'
import type { PqHeader } from '../../../src/session/pq-ratchet.ts'
import type { RatchetHeader } from '../../../src/session/ratchet.ts'
import {
  bytesIn,
  isObject,
  type JsonObject,
  numberIn,
  objectFrom,
  objectIn,
  textIn,
  toHex,
} from '../json.ts'
import type { Operations } from '../operation.ts'
import { partyIn } from './content.ts'

/** Envelopes both ways. */
export const envelopeOperations: Operations = {
  'write-envelope': (input) => {
    const envelope: Envelope = { suite: 1, ...headIn(input), message: messageIn(input) }
    return {
      head: toHex(encodeHead(headIn(input))),
      encoded: toHex(envelopeCodec.encode(envelope)),
    }
  },
  'read-envelope': (input) => objectFrom(envelopeCodec.decode(bytesIn(input, 'encoded'))),
}

function headIn(input: JsonObject): EnvelopeHead {
  const fields = {
    sender: partyIn(objectIn(input, 'sender')),
    recipient: partyIn(objectIn(input, 'recipient')),
    chat: scopeIn(input),
    freshness: freshnessIn(input),
    header: headerIn(objectIn(input, 'header')),
  }
  if (textIn(input, 'kind') === 'ratchet') return { kind: 'ratchet', ...fields }
  return { kind: 'initial', ...fields, agreement: agreementIn(objectIn(input, 'agreement')) }
}

/** A ratchet header; `pq` may be missing. */
export function headerIn(input: JsonObject): RatchetHeader {
  const header = {
    ratchetKey: bytesIn(input, 'ratchetKey'),
    previousLength: numberIn(input, 'previousLength'),
    number: numberIn(input, 'number'),
  }
  const { pq } = input
  return isObject(pq) ? { ...header, pq: pqIn(pq) } : header
}

function pqIn(pq: JsonObject): PqHeader {
  if (textIn(pq, 'kind') === 'offer') return { kind: 'offer', key: bytesIn(pq, 'key') }
  return { kind: 'answer', ciphertext: bytesIn(pq, 'ciphertext') }
}

function agreementIn(input: JsonObject): Agreement {
  return {
    card: bytesIn(input, 'card'),
    ephemeralKey: bytesIn(input, 'ephemeralKey'),
    prekeyNumber: numberIn(input, 'prekeyNumber'),
    kemCiphertext: bytesIn(input, 'kemCiphertext'),
  }
}

function messageIn(input: JsonObject) {
  const message = objectIn(input, 'message')
  return {
    nonce: bytesIn(message, 'nonce'),
    commitment: bytesIn(message, 'commitment'),
    sealed: bytesIn(message, 'sealed'),
  }
}

/** `chat`: the id of a chat, or `control`. */
export function scopeIn(input: JsonObject): Scope {
  const chat = textIn(input, 'chat')
  return chat === 'control' ? chat : parseChatId(chat)
}

/** `freshness`: the heads of both device logs. */
export function freshnessIn(input: JsonObject) {
  const freshness = objectIn(input, 'freshness')
  return { sender: bytesIn(freshness, 'sender'), recipient: bytesIn(freshness, 'recipient') }
}
