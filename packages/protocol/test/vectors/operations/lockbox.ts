/** lockbox.json: HPKE with X-Wing (SES-17). */

import { domainBytes, openLockbox, sealLockbox } from '../../../src/index.ts'
import { hpkeKeySchedule } from '../../../src/lockbox/hpke.ts'
import {
  decapsulateXWing,
  encapsulateXWing,
  expandXWingSeed,
  type XWingSecret,
} from '../../../src/lockbox/xwing.ts'
import { bytesIn, type JsonObject, toHex } from '../json.ts'
import { noted, type Operations } from '../operation.ts'

/** Boxes both ways, with the keys in between. */
export const lockboxOperations: Operations = {
  'seal-lockbox': (input, tools) => {
    const { rng, drawn } = noted(tools.rngFor(input))
    const to = bytesIn(input, 'to')
    const lockbox = sealLockbox(
      { to, ...contextIn(input), plaintext: bytesIn(input, 'plaintext') },
      rng,
    )
    const [randomness = NONE] = drawn
    const { sharedSecret } = encapsulateXWing(to, randomness)
    return { ...keysOf(sharedSecret, input), lockbox: toHex(lockbox) }
  },
  'open-lockbox': (input) => {
    const secret = secretIn(input)
    const lockbox = bytesIn(input, 'lockbox')
    const plaintext = openLockbox({ secret, ...contextIn(input), lockbox })
    if (plaintext === undefined) return { kind: 'nothing' }
    const sharedSecret = decapsulateXWing(secret, encapsulatedIn(lockbox)) ?? NONE
    return { kind: 'opened', ...keysOf(sharedSecret, input), plaintext: toHex(plaintext) }
  },
}

function contextIn(input: JsonObject) {
  return { info: bytesIn(input, 'info'), aad: bytesIn(input, 'aad') }
}

/** Both halves, or the seed that both are expanded from. */
function secretIn(input: JsonObject): XWingSecret {
  if (input['seed'] !== undefined) return expandXWingSeed(bytesIn(input, 'seed'))
  return { mlkem: bytesIn(input, 'kemPrekeySeed'), x25519: bytesIn(input, 'prekeySecret') }
}

/** Behind 0x82 0x01 0x59 and two bytes of length: the first 1,120 bytes of the box. */
function encapsulatedIn(lockbox: Uint8Array): Uint8Array {
  return lockbox.slice(5, 5 + 1120)
}

function keysOf(sharedSecret: Uint8Array, input: JsonObject): JsonObject {
  const suite = { kem: 0x647a, kdf: 0x0001, aead: 0x0003, keyBytes: 32 }
  const info = domainBytes('lockbox', bytesIn(input, 'info'))
  const { key, nonce } = hpkeKeySchedule(suite, sharedSecret, info)
  return { sharedSecret: toHex(sharedSecret), key: toHex(key), nonce: toHex(nonce) }
}

const NONE = new Uint8Array()
