import { isKithError } from '../errors.ts'
import type { Codec } from './codec.ts'

/** What the bytes say; undefined when they are not of the codec. For bytes others wrote. */
export function decoded<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  try {
    return codec.decode(bytes)
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}
