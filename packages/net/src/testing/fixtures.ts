import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Clock, Rng } from '../environment.ts'
import type { NetIdentity } from '../net.ts'

/** PKCS #8 of an Ed25519 seed (RFC 8410 §7): everything before the 32 bytes is the same. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An identity whose private half nobody can read, as in a browser. */
export function testIdentity(name: string): NetIdentity {
  const seed = createHash('sha256').update(name).digest()
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(-32)),
    sign: async (bytes) => new Uint8Array(sign(null, bytes, key)),
  }
}

/** The machine's clock: these tests run on real sockets. */
export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** Randomness that repeats: SHA-256 of a counter. */
export function testRng(seed: string): Rng {
  let count = 0
  return {
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      for (let at = 0; at < length; at += 32) {
        const block = createHash('sha256').update(`${seed}:${count}`).digest()
        bytes.set(block.subarray(0, Math.min(32, length - at)), at)
        count += 1
      }
      return bytes
    },
  }
}
