/** A passphrase as a person types it, and the bytes it stands for (LOCK-3). */

import { KithError } from '@kithmesh/protocol'

/** Longest passphrase, in bytes of UTF-8 after normalisation: more is a mistake, not a passphrase. */
export const MAX_PASSPHRASE_BYTES = 1_024
/** Below this many characters whoever has a copy of the disk can try them all. */
const SHORT_CHARACTERS = 12

/**
 * NFKC, so that the same keys pressed on another keyboard or system give the same bytes.
 *
 * @throws ERR_PASSPHRASE_SIZE when it is empty, too long, or not well-formed text
 */
export function passphraseBytes(passphrase: string): Uint8Array {
  const normal = passphrase.normalize('NFKC')
  const bytes = new TextEncoder().encode(normal)
  const fits = bytes.length >= 1 && bytes.length <= MAX_PASSPHRASE_BYTES
  // A lone surrogate would be encoded as any other is.
  if (fits && normal.isWellFormed()) return bytes
  throw new KithError('ERR_PASSPHRASE_SIZE', 'not a passphrase that can be used', {
    hint: `A passphrase has 1 to ${MAX_PASSPHRASE_BYTES} bytes of text.`,
  })
}

/** What a short passphrase does not protect, as a sentence for a person; undefined for longer ones. */
export function passphraseWarning(passphrase: string): string | undefined {
  if ([...passphrase.normalize('NFKC')].length >= SHORT_CHARACTERS) return undefined
  return SHORT
}

const SHORT =
  'A short passphrase keeps out somebody at this screen, who soon must wait between tries. Somebody who copies the disk can try all short ones: five or six random words hold.'
