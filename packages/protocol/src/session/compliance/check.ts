import { bytesToHex } from '@noble/hashes/utils.js'
import { isKithError } from '../../errors.ts'
import type { Primitives } from '../primitives.ts'

/** One vector or property: its source as name, and whether the primitives agree with it. */
export interface Check {
  readonly name: string
  readonly holds: (primitives: Primitives) => Promise<boolean>
}

/** Whether `attempt` is refused as the seam demands: by ERR_KEY_REFUSED and nothing else. */
export async function isRefused(attempt: () => unknown): Promise<boolean> {
  try {
    await attempt()
    return false
  } catch (error) {
    return isKithError(error, 'ERR_KEY_REFUSED')
  }
}

/** Whether bytes are those of a vector. */
export function isHex(bytes: Uint8Array | undefined, hex: string): boolean {
  return bytes !== undefined && bytesToHex(bytes) === hex
}
