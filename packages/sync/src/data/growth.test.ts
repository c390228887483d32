import { describe, expect, test } from 'vitest'
import { accountNumber, messageNumber } from '../testing/ids.ts'
import { randomOf } from '../testing/random.ts'
import { type AccountData, createAccountData } from './account-data.ts'

const EDITS = 100_000
const PEOPLE = 1_000
const MESSAGES = 2_000
/** Times the process ended and began anew: each time under another client id (ACC-3). */
const RUNS = 20
/** What a device with all of it may take to read it, in ms of this processor: 10 × what it takes. */
const COLD_MS = 1_000

describe('ACC-16 edits that were replaced leave next to nothing', () => {
  const edited = editedAccount()
  const state = edited.encodeState()

  test(`after ${EDITS} edits the state weighs at most twice what stands in it`, () => {
    const fresh = rewritten(edited)
    expect(fresh.encodeState().length).toBeGreaterThan(100_000)
    expect(state.length).toBeLessThan(2 * fresh.encodeState().length)
    expect(edited.snapshot().length).toBeLessThan(2 * fresh.snapshot().length)
  })

  test('a key that is not used any more leaves nothing of itself', () => {
    const data = createAccountData({ clientId: 1 })
    for (let at = 0; at < 5_000; at += 1) {
      data.starred.add(messageNumber(at), at)
      data.starred.remove(messageNumber(at))
    }
    expect(data.encodeState().length).toBeLessThan(64)
  })

  test('a device that begins with nothing reads the whole at once, and holds the same', () => {
    const cold = createAccountData({ clientId: 2, clock: { monotonic: () => performance.now() } })
    const begun = process.cpuUsage()
    expect(cold.applyUpdate(state, { kind: 'snapshot' })).toEqual({ kind: 'applied' })
    expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(COLD_MS)
    expect(cold.encodeState()).toEqual(state)
    expect(rewritten(cold).encodeState()).toEqual(rewritten(edited).encodeState())
  })

  test('it goes on from its own snapshot as from the state', () => {
    const again = createAccountData({ clientId: 3, snapshot: edited.snapshot() })
    expect(again.encodeState()).toEqual(state)
    expect(again.contacts.rename(accountNumber(1), 'Renamed')).toBe(true)
    expect(again.encodeState().length - state.length).toBeLessThan(200)
  })
})

/** An account after years: people renamed and removed, stars that come and go, settings set. */
function editedAccount(): AccountData {
  const { below: pick } = randomOf(16)
  let data = createAccountData({ clientId: 1 })
  for (let at = 0; at < EDITS; at += 1) {
    if (at % (EDITS / RUNS) === 0) {
      data = createAccountData({ clientId: 2 ** 31 + pick(2 ** 30), snapshot: data.snapshot() })
    }
    const contact = accountNumber(pick(PEOPLE))
    const message = messageNumber(pick(MESSAGES))
    if (at % 4 === 0) data.contacts.set(contact, { name: `Name ${at}`, addedAt: at })
    else if (at % 4 === 1) data.settings.set(`key${pick(50)}`, at)
    else if (data.starred.has(message)) data.starred.remove(message)
    else data.starred.add(message, at)
  }
  return data
}

/** The same account as one device would write it from nothing. */
function rewritten(data: AccountData): AccountData {
  const fresh = createAccountData({ clientId: 9 })
  const byText = (a: string, b: string): number => (a < b ? -1 : 1)
  fresh.batch(() => {
    for (const entry of data.contacts.list().toSorted((a, b) => byText(a.contact, b.contact))) {
      fresh.contacts.set(entry.contact, { name: entry.name, addedAt: entry.addedAt })
    }
    for (const { message, at } of data.starred.list()) fresh.starred.add(message, at)
    for (const [key, value] of [...data.settings.list()].sort(([a], [b]) => byText(a, b))) {
      fresh.settings.set(key, value)
    }
  })
  return fresh
}
