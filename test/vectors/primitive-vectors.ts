/** Every set of vectors that an implementation of the seam of primitives has to come up to (SES-1). */

import { chachaVectors, gcmVectors, xchachaVectors } from './aead-vectors.ts'
import { x25519Vectors } from './agreement-vectors.ts'
import { hkdfVectors, hmacVectors } from './hash-vectors.ts'
import { mlKemKeyVectors, mlKemOpenVectors, mlKemSealVectors, xwingVectors } from './kem-vectors.ts'
import type { VectorSet } from './vector-set.ts'

/** All of them: 2,302 vectors. */
export const PRIMITIVE_VECTORS: readonly VectorSet[] = [
  x25519Vectors,
  hmacVectors,
  hkdfVectors,
  xchachaVectors,
  chachaVectors,
  gcmVectors,
  mlKemKeyVectors,
  mlKemSealVectors,
  mlKemOpenVectors,
  xwingVectors,
]
