import type { AccountId } from '@kithmesh/protocol'
import { type AccountData, createAccountData } from '@kithmesh/sync'
import { describe, expect, test } from 'vitest'
import { accountNamed } from '../../test/people.ts'
import { createSuccession, type Succession } from './succession.ts'

const [FIRST, SECOND, THIRD] = [accountNamed('a'), accountNamed('b'), accountNamed('c')]

function book(): { readonly contacts: AccountData['contacts']; readonly succession: Succession } {
  const data = createAccountData()
  return {
    contacts: data.contacts,
    succession: createSuccession(data, { signal: new AbortController().signal }),
  }
}

/** Ben's accounts after each other; those with a time were verified. */
function bensAccounts(verified: readonly AccountId[]): ReturnType<typeof book> {
  const made = book()
  const entries = [
    [FIRST, undefined],
    [SECOND, FIRST],
    [THIRD, SECOND],
  ] as const
  for (const [index, [contact, replaces]] of entries.entries()) {
    made.contacts.set(contact, {
      name: 'Ben',
      addedAt: index,
      ...(replaces ? { replaces } : {}),
      ...(verified.includes(contact) ? { verifiedAt: 9 } : {}),
    })
  }
  return made
}

describe('ACC-12 accounts after each other', () => {
  test('ACC-12: the last one is the person, the others are the history', () => {
    const { succession } = bensAccounts([])
    expect([FIRST, SECOND, THIRD].map(succession.currentOf)).toEqual([THIRD, THIRD, THIRD])
    expect(succession.earlierOf(THIRD)).toEqual([SECOND, FIRST])
    expect(succession.replacedBy(SECOND)).toBe(THIRD)
    expect(succession.replacedBy(THIRD)).toBeUndefined()
  })

  test('ACC-12: of two that claim one place the one added last counts, the same everywhere', () => {
    const { contacts, succession } = book()
    contacts.set(FIRST, { name: 'Ben', addedAt: 1 })
    contacts.set(THIRD, { name: 'Ben', addedAt: 2, replaces: FIRST })
    contacts.set(SECOND, { name: 'Ben', addedAt: 3, replaces: FIRST })
    expect(succession.currentOf(FIRST)).toBe(SECOND)
    contacts.set(THIRD, { name: 'Ben', addedAt: 3, replaces: FIRST })
    expect(succession.currentOf(FIRST)).toBe(THIRD)
  })

  test('ACC-12: accounts that replace each other are still one person with one last account', () => {
    const { contacts, succession } = bensAccounts([])
    contacts.edit(FIRST, { replaces: THIRD })
    const shown = [FIRST, SECOND, THIRD].filter((one) => succession.replacedBy(one) === undefined)
    expect(shown).toHaveLength(1)
    expect(new Set([FIRST, SECOND, THIRD].map(succession.currentOf))).toEqual(new Set(shown))
  })

  test('ACC-12: who is not in the address book is replaced by nobody', () => {
    const { contacts, succession } = book()
    contacts.set(SECOND, { name: 'Ben', addedAt: 1, replaces: FIRST })
    expect(succession.isChanged(SECOND)).toBe(false)
    expect(succession.currentOf(FIRST)).toBe(FIRST)
  })
})

describe('ACC-13 what is held', () => {
  test('ACC-13: nothing for people who were not verified; the change is shown', () => {
    const { succession } = bensAccounts([])
    expect([FIRST, SECOND, THIRD].map(succession.isHeld)).toEqual([false, false, false])
    expect([FIRST, SECOND, THIRD].map(succession.isChanged)).toEqual([false, true, true])
  })

  test('ACC-13: every account of a person whose verified one was replaced', () => {
    const { succession } = bensAccounts([FIRST])
    // The third cannot slip past by replacing the second, which nobody verified.
    expect([FIRST, SECOND, THIRD].map(succession.isHeld)).toEqual([true, true, true])
  })

  test('ACC-13: accepting or verifying the last account frees it', () => {
    for (const said of [{ acceptedAt: 9 }, { verifiedAt: 9 }]) {
      const { contacts, succession } = bensAccounts([FIRST])
      contacts.edit(THIRD, said)
      expect(succession.isHeld(THIRD)).toBe(false)
      expect(succession.isChanged(THIRD)).toBe(false)
    }
  })

  test('ACC-13: an accepted account that was not verified is followed without a stop', () => {
    const { contacts, succession } = bensAccounts([FIRST])
    contacts.edit(SECOND, { acceptedAt: 9 })
    expect([FIRST, SECOND, THIRD].map(succession.isHeld)).toEqual([false, false, false])
    contacts.edit(SECOND, { verifiedAt: 9 })
    expect([FIRST, SECOND, THIRD].map(succession.isHeld)).toEqual([true, true, true])
  })

  test('ACC-13: rings neither hang nor free anybody', () => {
    const { contacts, succession } = bensAccounts([FIRST])
    contacts.edit(FIRST, { replaces: THIRD })
    expect(succession.isHeld(SECOND)).toBe(true)
    expect(succession.isHeld(THIRD)).toBe(true)
  })
})
