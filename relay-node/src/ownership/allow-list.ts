import type { AccountId } from '@kithmesh/protocol'
import { RelayError } from '../errors.ts'
import type { Allowed } from './served-accounts.ts'

/** A device as everybody in libp2p writes an Ed25519 peer id, and an account of Kithmesh. */
const DEVICE = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
const ACCOUNT = /^a[a-z2-7]{52}$/
const MAX_ENTRIES = 10_000

/** Whether a word can stand in the list. */
export function isAllowable(id: string): boolean {
  return DEVICE.test(id) || ACCOUNT.test(id)
}

/**
 * Reads a list: one device or account a line, the rest of a line behind `#` is for people.
 *
 * @throws ERR_ALLOW_LIST naming the line
 */
export async function parseAllowList(text: string): Promise<Allowed> {
  const lines = text.split('\n')
  if (lines.length > MAX_ENTRIES) {
    throw new RelayError('ERR_ALLOW_LIST', `More than ${MAX_ENTRIES} lines in the allow list`)
  }
  const ids = lines.map((line, at) => {
    const id = line.replace(/#.*/, '').trim()
    if (id === '' || isAllowable(id)) return id
    throw new RelayError('ERR_ALLOW_LIST', `Line ${at + 1} of the allow list names nobody`, {
      hint: 'Write one id a line: of a device (12D3KooW…) or of an account (a…).',
    })
  })
  return {
    devices: new Set(ids.filter((id) => DEVICE.test(id))),
    accounts: new Set(await accountsOf(ids.filter((id) => ACCOUNT.test(id)))),
  }
}

/** The words of accounts are read by who made them; loaded only when there are any. */
async function accountsOf(words: readonly string[]): Promise<readonly AccountId[]> {
  if (words.length === 0) return []
  const { isKithError, parseAccountId } = await import('@kithmesh/protocol')
  try {
    return words.map(parseAccountId)
  } catch (error) {
    if (!isKithError(error)) throw error
    throw new RelayError('ERR_ALLOW_LIST', 'An account in the allow list is mistyped', {
      cause: error,
      hint: 'Copy its id from "kith status --json".',
    })
  }
}

/** Both lists as one. */
export function joinAllowed(one: Allowed, other: Allowed): Allowed {
  return {
    devices: new Set([...one.devices, ...other.devices]),
    accounts: new Set([...one.accounts, ...other.accounts]),
  }
}
