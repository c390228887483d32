import type { AccountId } from '@kithmesh/protocol'
import type { AccountData, ContactEntry } from '@kithmesh/sync'

/** Accounts of one person after each other: who loses the recovery words makes a new one (ACC-12). */
export interface Succession {
  /** The account that replaces this one, if one does; of several the one added last. */
  replacedBy(contact: AccountId): AccountId | undefined
  /** The account this person has now: the last of those that replace each other. */
  currentOf(contact: AccountId): AccountId
  /** The accounts this person had before, the latest first. */
  earlierOf(contact: AccountId): readonly AccountId[]
  /** Whether this account is new, and nobody has accepted or verified it. */
  isChanged(contact: AccountId): boolean
  /**
   * Whether nothing may be sent to this account: it, or one that replaces it, is new and takes the place
   * of one that was verified, and nobody has accepted it (ACC-13).
   */
  isHeld(contact: AccountId): boolean
}

/**
 * Questions about the address book alone: whatever the order in which devices learned of a change, what
 * they hold is the same.
 */
export function createSuccession(
  { contacts, events }: Pick<AccountData, 'contacts' | 'events'>,
  { signal }: { readonly signal: AbortSignal },
): Succession {
  /** Made when it is asked for, old after every change: the address book may be long. */
  let successors: ReadonlyMap<AccountId, readonly AccountId[]> | undefined
  const forget = (): void => {
    successors = undefined
  }
  events.addEventListener('contact:changed', forget, { signal })
  events.addEventListener('contact:removed', forget, { signal })

  function successorsOf(contact: AccountId): readonly AccountId[] {
    successors ??= successorsIn(contacts.list())
    return successors.get(contact) ?? []
  }

  function replacedBy(contact: AccountId): AccountId | undefined {
    if (!contacts.get(contact)) return undefined
    const ring = [...walk(contact, latestSuccessorOf)]
    const isRing = ring.length > 1 && latestSuccessorOf(ring.at(-1) ?? contact) === contact
    // Two devices said the opposite of each other: one of the accounts is the last, the same everywhere.
    if (isRing && ring.every((other) => other <= contact)) return undefined
    return latestSuccessorOf(contact)
  }

  function latestSuccessorOf(contact: AccountId): AccountId | undefined {
    return successorsOf(contact).at(-1)
  }

  function predecessorOf(contact: AccountId): AccountId | undefined {
    const replaces = contacts.get(contact)?.replaces
    // Who was removed from the address book is nobody to compare with.
    return replaces !== undefined && contacts.get(replaces) ? replaces : undefined
  }

  function isChanged(contact: AccountId): boolean {
    const entry = contacts.get(contact)
    const settled = entry?.acceptedAt !== undefined || entry?.verifiedAt !== undefined
    return !settled && predecessorOf(contact) !== undefined
  }

  /** An unaccepted account in the place of a verified one, or of one that has to be accepted itself. */
  function mustBeAccepted(contact: AccountId): boolean {
    for (const account of walk(contact, predecessorOf)) {
      if (!isChanged(account)) return false
      const before = predecessorOf(account)
      if (before !== undefined && contacts.get(before)?.verifiedAt !== undefined) return true
    }
    return false
  }

  function isHeldBut(contact: AccountId, seen: ReadonlySet<AccountId>): boolean {
    if (seen.has(contact)) return false
    const withThis = new Set(seen).add(contact)
    return mustBeAccepted(contact) || successorsOf(contact).some((one) => isHeldBut(one, withThis))
  }

  return {
    replacedBy,
    currentOf: (contact) => [...walk(contact, replacedBy)].at(-1) ?? contact,
    earlierOf: (contact) => [...walk(contact, predecessorOf)].slice(1),
    isChanged,
    isHeld: (contact) => isHeldBut(contact, new Set()),
  }
}

/** The accounts that replace each one, in the order in which they were added. */
function successorsIn(
  entries: readonly ContactEntry[],
): ReadonlyMap<AccountId, readonly AccountId[]> {
  const successors = new Map<AccountId, AccountId[]>()
  const inOrder = entries.toSorted(
    (a, b) => a.addedAt - b.addedAt || (a.contact < b.contact ? -1 : 1),
  )
  for (const { contact, replaces } of inOrder) {
    if (replaces === undefined) continue
    const known = successors.get(replaces)
    if (known) known.push(contact)
    else successors.set(replaces, [contact])
  }
  return successors
}

/** From one account to the next, each once. */
function* walk(
  from: AccountId,
  next: (contact: AccountId) => AccountId | undefined,
): Iterable<AccountId> {
  const seen = new Set<AccountId>()
  for (let at: AccountId | undefined = from; at !== undefined && !seen.has(at); at = next(at)) {
    seen.add(at)
    yield at
  }
}
