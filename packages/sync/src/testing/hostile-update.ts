import { expect } from 'vitest'
import { type AccountData, createAccountData } from '../data/account-data.ts'
import { accountNumber, messageNumber } from './ids.ts'
import { entryItem, type WireStruct, wireUpdate } from './yjs-update.ts'

/** A contact of the victim. */
export const BEN = accountNumber(1)

/**
 * What no input may take: far above what these do, far below what the attacks took (9 s and
 * more).
 */
export const MAX_MS = 1_000

/** An account with something in it, and the clock that measures the trial. */
export function victim(): AccountData {
  const data = createAccountData({
    clientId: 1,
    clock: { monotonic: () => performance.now() },
  })
  data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
  data.starred.add(messageNumber(1), 2)
  return data
}

/** What a hostile device does must be refused with a code, at once, and leave no trace. */
export function expectRefused(update: Uint8Array, code: string): void {
  const data = victim()
  const before = data.encodeState()
  const begun = performance.now()
  expect(data.applyUpdate(update)).toEqual({ kind: 'refused', code })
  expect(performance.now() - begun).toBeLessThan(MAX_MS)
  expect(data.encodeState()).toEqual(before)
  expect(data.heldCount).toBe(0)
}

/** An update of one struct, by somebody else. */
export const one = (struct: WireStruct, clock = 0): Uint8Array =>
  wireUpdate([{ client: 9, clock, structs: [struct] }])

/** An item at its place whose elements are as given. */
export const any = (...content: number[]): WireStruct => ({ kind: 'item', contentRef: 8, content })

/** An entry whose value is as given. */
export const valued = (...value: number[]): WireStruct => entryItem('settings/k/value', value)
