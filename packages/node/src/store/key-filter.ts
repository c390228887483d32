/** Which keys a store cannot hold, kept in some bits a key: asking the disk for what is new is the dearest read there is. */

/** A set of keys that may say yes to one it was not given, and never no to one that it was. */
export interface KeyFilter {
  add(key: Uint8Array): void
  mayHave(key: Uint8Array): boolean
  /** Every key of the store was added: from here on a no is worth something. */
  complete(): void
}

/** Keys of the first layer; each further one is for twice as many. */
const FIRST_KEYS = 16_384
/** Beyond so many keys it would take more than 12 MiB, and says `maybe` to everything. */
const MAX_KEYS = 4_194_304
/** With four probes each fewer than one answer in a hundred is wrongly `maybe`. */
const BITS_PER_KEY = 16
const PROBES = 4

/** A filter of nothing, which answers `maybe` until it is complete (Bloom filters, in layers that double). */
export function createKeyFilter(): KeyFilter {
  let layers: Layer[] = [layerFor(FIRST_KEYS)]
  let added = 0
  let isComplete = false

  function has(hashes: Hashes): boolean {
    return layers.some((layer) => isIn(layer, hashes))
  }

  function add(key: Uint8Array): void {
    const hashes = hashesOf(key)
    if (added > MAX_KEYS || has(hashes)) return
    added += 1
    if (added > MAX_KEYS) layers = []
    const last = layers.at(-1)
    if (last === undefined) return
    put(last, hashes)
    last.left -= 1
    if (last.left === 0) layers.push(layerFor(2 * last.keys))
  }

  return {
    add,
    mayHave: (key) => !isComplete || added > MAX_KEYS || has(hashesOf(key)),
    complete: () => {
      isComplete = true
    },
  }
}

interface Layer {
  readonly bits: Uint32Array
  readonly keys: number
  left: number
}

interface Hashes {
  readonly first: number
  readonly step: number
}

function layerFor(keys: number): Layer {
  return { bits: new Uint32Array((keys * BITS_PER_KEY) / 32), keys, left: keys }
}

function isIn({ bits }: Layer, { first, step }: Hashes): boolean {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = placeOf(bits, first + Math.imul(probe, step))
    if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false
  }
  return true
}

function put({ bits }: Layer, { first, step }: Hashes): void {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = placeOf(bits, first + Math.imul(probe, step))
    bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
  }
}

/** The number of bits is a power of two. */
function placeOf(bits: Uint32Array, hash: number): number {
  return (hash & (bits.length * 32 - 1)) >>> 0
}

/** FNV-1a, and a second hash of it that is odd, so that the probes of a key differ. Nobody outside chooses keys (STO-23). */
function hashesOf(key: Uint8Array): Hashes {
  let hash = 0x811c9dc5
  let other = 0x9747b28c
  for (const byte of key) {
    hash = Math.imul(hash ^ byte, 0x01000193)
    other = Math.imul(other ^ byte, 0x5bd1e995) ^ (other >>> 15)
  }
  return { first: mixed(hash), step: mixed(other) | 1 }
}

/** The end of MurmurHash3: the low bits depend on all of them. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
