/** What is wrong with an entry of an exported log, in a sentence for a person. */

import type { ErrorCode } from '../errors.ts'
import { publicKeyOfDevice } from '../ids.ts'
import { domainBytes, type Purpose } from './domain.ts'
import { verifySignature } from './keys.ts'
import { type EntryBody, entryBodyCodec, type SignedEntry } from './log-entry.ts'

interface Faulty {
  readonly entry: SignedEntry
  /** The account's root key. */
  readonly root: Uint8Array
}

/** The sentence of a fault in an entry. */
export function entryFaultSentence(code: ErrorCode, faulty: Faulty): string {
  return code === 'ERR_SIGNATURE' ? signatureSentence(faulty) : faultSentence(code)
}

/** The sentence of a fault that is not one of signatures. */
export function faultSentence(code: ErrorCode): string {
  return SENTENCES[code] ?? 'It is not as it should be.'
}

const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  ERR_MALFORMED: 'Its bytes are not those of an entry.',
  ERR_SUITE_UNKNOWN: 'It was written by a later version of Kithmesh.',
  ERR_KEY_REFUSED: 'It takes in a key that verifiers disagree about.',
  ERR_LOG_LIMIT: 'The log has no room for it.',
  ERR_LOG_ORDER: 'The entry it follows stands behind it, or is missing.',
  ERR_LOG_HEAD: 'The entries do not make the head it names: some are missing.',
  ERR_LOG_ROLLBACK: 'Entries of the earlier export are missing.',
  ERR_ENTRY_ACCOUNT: 'It is of another account.',
  ERR_ENTRY_AUTHOR: 'Its author is not the device whose entry it follows.',
  ERR_ENTRY_CYCLE: 'A device takes in itself, or one above it.',
  ERR_ENTRY_FORK: 'Its author wrote two entries in one place: it was copied.',
  ERR_ENTRY_PERIOD: 'The account was recovered since: it counts no more.',
  ERR_ENTRY_REVOKED: 'Its author was unlinked, or a device above it.',
  ERR_ENTRY_RIGHT: 'Its author may not do that.',
  ERR_ENTRY_TWICE: 'It stands in the log already.',
}

/** Which of the signatures of an entry is wrong, and how. Never a genesis: without one there is no log. */
function signatureSentence({ entry, root }: Faulty): string {
  const body = entryBodyCodec.decode(entry.body)
  const key = authorKey(body, root)
  const signed = (purpose: Purpose): boolean =>
    verifySignature(key, domainBytes(purpose, entry.body), entry.signature)
  if (!signed(purposeOf(body))) {
    if (PURPOSES.some(signed)) return 'It was signed for another purpose.'
    return 'author' in body
      ? 'Its author did not sign it.'
      : 'The root key of the account did not sign it.'
  }
  return entry.countersignature === undefined
    ? 'The device it takes in did not countersign it.'
    : 'The countersignature of the device it takes in does not hold.'
}

const PURPOSES: readonly Purpose[] = [
  'device log root',
  'device log recovery',
  'device log entry',
  'device log countersignature',
  'link proof',
]

function purposeOf(body: EntryBody): Purpose {
  return 'author' in body ? 'device log entry' : 'device log recovery'
}

function authorKey(body: EntryBody, root: Uint8Array): Uint8Array {
  return 'author' in body ? publicKeyOfDevice(body.author) : root
}
