import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountNumber } from '../testing/ids.ts'
import { type AccountData, createAccountData } from './account-data.ts'

const BEN = accountNumber(1)
const BEN_ANEW = accountNumber(2)

/** One of several devices of an account, with everything it wrote. */
interface Desk {
  readonly data: AccountData
  readonly written: Uint8Array[]
}

function desk(clientId: number): Desk {
  const data = createAccountData({ clientId })
  const written: Uint8Array[] = []
  data.onUpdate((update) => written.push(update))
  return { data, written }
}

function tell(from: Desk, to: Desk): void {
  for (const update of from.written) {
    expect(to.data.applyUpdate(update)).toEqual({ kind: 'applied' })
  }
}

function desksWithBen(): readonly [Desk, Desk, Desk] {
  const desks = [desk(1), desk(2), desk(3)] as const
  desks[0].data.contacts.set(BEN, { name: 'Ben', addedAt: 5 })
  tell(desks[0], desks[1])
  tell(desks[0], desks[2])
  return desks
}

describe('ACC-11 a contact is verified once, for all devices', () => {
  test('ACC-11: verified here is verified there, and taken back the same way', () => {
    const [phone, laptop] = desksWithBen()
    phone.data.contacts.edit(BEN, { verifiedAt: 9 })
    tell(phone, laptop)
    expect(laptop.data.contacts.get(BEN)).toMatchObject({ name: 'Ben', verifiedAt: 9 })
    laptop.data.contacts.edit(BEN, { verifiedAt: undefined })
    tell(laptop, phone)
    expect(phone.data.contacts.get(BEN)).toEqual({ contact: BEN, name: 'Ben', addedAt: 5 })
  })

  test('ACC-11: of concurrent verifying and taking back one stands, the same everywhere', () => {
    const edit = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.option(fc.integer({ min: 1, max: 9 })))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
        const desks = desksWithBen()
        for (const [at, verifiedAt] of edits) {
          desks[at]?.data.contacts.edit(BEN, { verifiedAt: verifiedAt ?? undefined })
        }
        for (const from of desks) for (const to of desks) if (from !== to) tell(from, to)
        const [one, ...others] = desks.map(({ data }) => data.contacts.get(BEN))
        for (const other of others) expect(other).toEqual(one)
      }),
    )
  })

  test('ACC-4: adding anew clears what the row had, also that it was verified', () => {
    const { data } = desk(1)
    data.contacts.set(BEN, { name: 'Ben', addedAt: 5, verifiedAt: 6, logAlertAt: 7 })
    data.contacts.remove(BEN)
    data.contacts.set(BEN, { name: 'Ben', addedAt: 8 })
    expect(data.contacts.get(BEN)).toEqual({ contact: BEN, name: 'Ben', addedAt: 8 })
  })
})

describe('ACC-12 an account made anew', () => {
  test('ACC-12: which account it replaces and that it was accepted reach every device', () => {
    const [phone, laptop] = desksWithBen()
    phone.data.contacts.set(BEN_ANEW, { name: 'Ben', addedAt: 7, replaces: BEN })
    tell(phone, laptop)
    expect(laptop.data.contacts.get(BEN_ANEW)?.replaces).toBe(BEN)
    laptop.data.contacts.edit(BEN_ANEW, { acceptedAt: 8 })
    tell(laptop, phone)
    expect(phone.data.contacts.get(BEN_ANEW)).toEqual({
      contact: BEN_ANEW,
      name: 'Ben',
      addedAt: 7,
      replaces: BEN,
      acceptedAt: 8,
    })
  })

  test('ACC-7: what is no account id, or names the contact itself, replaces nobody', () => {
    const { data } = desk(1)
    const forged = ['hello', BEN_ANEW, BEN.toUpperCase(), ''] as readonly string[]
    for (const replaces of forged) {
      // What another device wrote; the view's types would not let it through here.
      data.contacts.set(BEN_ANEW, { name: 'Ben', addedAt: 7, replaces: replaces as typeof BEN })
      expect(data.contacts.get(BEN_ANEW)).toEqual({ contact: BEN_ANEW, name: 'Ben', addedAt: 7 })
    }
  })

  test('ACC-12: an invite remembers for whose new account it is', () => {
    const [phone, laptop] = desksWithBen()
    const fields = { key: new Uint8Array(32), createdAt: 1, expiresAt: 2 }
    phone.data.invites.add('i1', { ...fields, replaces: BEN })
    phone.data.invites.add('i2', fields)
    tell(phone, laptop)
    expect(laptop.data.invites.get('i1')).toEqual({ invite: 'i1', ...fields, replaces: BEN })
    expect(laptop.data.invites.get('i2')).toEqual({ invite: 'i2', ...fields })
  })
})
