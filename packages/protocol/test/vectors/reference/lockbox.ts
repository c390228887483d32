/** Lockboxes by the reference: HPKE (RFC 9180) with X-Wing (draft-connolly-cfrg-xwing-kem), for SES-17. */

import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { bytesIn, type JsonObject, objectFrom } from '../json.ts'
import type { Operations } from '../operation.ts'
import { agree, hmac, openChaCha, publicKeyOf, sealChaCha, sha3, shake256 } from './algorithms.ts'
import { cbor, domain, joined } from './bytes.ts'
import { drawnIn } from './conversation.ts'

const KEM_CIPHERTEXT_BYTES = 1088
const KEM_KEY_BYTES = 1184
/** Suite, major type and length stand before the box. */
const BOX_AT = 5

/** Boxes both ways. */
export const referenceLockboxes: Operations = {
  'seal-lockbox': (input) => {
    const [randomness = NONE] = drawnIn(input)
    const to = bytesIn(input, 'to')
    const kem = ml_kem768.encapsulate(to.slice(0, KEM_KEY_BYTES), randomness.slice(0, 32))
    const [ephemeral, key] = [randomness.slice(32), to.slice(KEM_KEY_BYTES)]
    const ephemeralKey = publicKeyOf('x25519', ephemeral)
    const parts = [kem.sharedSecret, agree(ephemeral, key), ephemeralKey, key]
    const keys = keySchedule(combined(parts), bytesIn(input, 'info'))
    const [bytes, associatedData] = [bytesIn(input, 'plaintext'), bytesIn(input, 'aad')]
    const sealed = sealChaCha({ ...keys, bytes, associatedData })
    return objectFrom({ ...keys, lockbox: cbor([1, joined(kem.cipherText, ephemeralKey, sealed)]) })
  },
  'open-lockbox': (input) => {
    try {
      return { kind: 'opened', ...opened(input) }
    } catch {
      return { kind: 'nothing' }
    }
  },
}

function opened(input: JsonObject): JsonObject {
  const box = bytesIn(input, 'lockbox').slice(BOX_AT)
  const { mlkem, x25519 } = secretIn(input)
  const ofKem = ml_kem768.decapsulate(
    box.slice(0, KEM_CIPHERTEXT_BYTES),
    ml_kem768.keygen(mlkem).secretKey,
  )
  const ephemeralKey = box.slice(KEM_CIPHERTEXT_BYTES, KEM_CIPHERTEXT_BYTES + 32)
  const ofX = agree(x25519, ephemeralKey)
  const key = publicKeyOf('x25519', x25519)
  const keys = keySchedule(combined([ofKem, ofX, ephemeralKey, key]), bytesIn(input, 'info'))
  const bytes = box.slice(KEM_CIPHERTEXT_BYTES + 32)
  const plaintext = openChaCha({ ...keys, bytes, associatedData: bytesIn(input, 'aad') })
  return objectFrom({ ...keys, plaintext })
}

function secretIn(input: JsonObject) {
  if (input['seed'] === undefined) {
    return { mlkem: bytesIn(input, 'kemPrekeySeed'), x25519: bytesIn(input, 'prekeySecret') }
  }
  const expanded = shake256(bytesIn(input, 'seed'), 96)
  return { mlkem: expanded.slice(0, 64), x25519: expanded.slice(64) }
}

/** §5.3 of the draft of X-Wing. */
function combined(parts: readonly Uint8Array[]): Uint8Array {
  return sha3(joined(...parts, '\\.//^\\'))
}

/** RFC 9180 §5.1 in base mode, with its labels (§4). */
function keySchedule(sharedSecret: Uint8Array, purpose: Uint8Array) {
  const suite = joined('HPKE', Uint8Array.of(0x64, 0x7a, 0, 1, 0, 3))
  const extract = (salt: Uint8Array, label: string, secret: Uint8Array): Uint8Array =>
    hmac(salt, joined('HPKE-v1', suite, label, secret))
  const context = joined(
    Uint8Array.of(0),
    extract(NONE, 'psk_id_hash', NONE),
    extract(NONE, 'info_hash', domain('lockbox', purpose)),
  )
  const secret = extract(sharedSecret, 'secret', NONE)
  // One block of HKDF is enough for both.
  const expand = (label: string, length: number): Uint8Array => {
    const labeled = joined(Uint8Array.of(0, length), 'HPKE-v1', suite, label, context)
    return hmac(secret, joined(labeled, Uint8Array.of(1))).slice(0, length)
  }
  return { sharedSecret, key: expand('key', 32), nonce: expand('base_nonce', 12) }
}

const NONE = new Uint8Array()
