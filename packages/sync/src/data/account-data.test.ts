import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountNumber, deviceNumber, messageNumber } from '../testing/ids.ts'
import { type AccountData, type AccountDataEvents, createAccountData } from './account-data.ts'

const BEN = accountNumber(1)
const CLEO = accountNumber(2)
const MESSAGE = messageNumber(1)
const PHONE = deviceNumber(1)

/** Own devices with a line between any two: what one wrote is kept until the other is told. */
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

function meet(a: Desk, b: Desk): void {
  tell(a, b)
  tell(b, a)
}

function heard(data: AccountData): readonly (readonly [string, unknown])[] {
  const events: (readonly [string, unknown])[] = []
  const names: readonly (keyof AccountDataEvents)[] = [
    'contact:changed',
    'contact:removed',
    'starred:changed',
    'device:renamed',
    'invite:changed',
    'setting:changed',
  ]
  for (const name of names) {
    data.events.addEventListener(name, ({ detail }) => events.push([name, detail]))
  }
  return events
}

function contents(data: AccountData): unknown {
  const byId = <T extends object>(items: readonly T[]): readonly T[] =>
    items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return {
    contacts: byId(data.contacts.list()),
    starred: byId(data.starred.list()),
    devices: byId(data.devices.list()),
    invites: byId(data.invites.list()),
    settings: [...data.settings.list()].sort(),
  }
}

/** One of each kind of edit. */
function editAll({ contacts, starred, devices, invites, settings }: AccountData): void {
  contacts.set(BEN, { name: 'Ben', addedAt: 5, root: new Uint8Array(32).fill(7) })
  contacts.rename(BEN, 'Benjamin')
  contacts.set(CLEO, { name: 'Cleo', addedAt: 6 })
  contacts.remove(CLEO)
  starred.add(MESSAGE, 9)
  starred.add(messageNumber(2), 10)
  starred.remove(messageNumber(2))
  devices.set(PHONE, { name: 'phone', kind: 'browser' })
  devices.set(PHONE, { name: 'the phone' })
  invites.add('i1', { key: new Uint8Array(32), createdAt: 1, expiresAt: 2 })
  invites.use('i1', { at: 3, by: BEN })
  settings.set('quiet-hours.from', '22:00')
  settings.set('read-receipts', false)
}

describe('ACC-1 one path for local and remote edits', () => {
  test('every view reads on the other device what was written here', () => {
    const [ada, phone] = [desk(1), desk(2)]
    editAll(ada.data)
    tell(ada, phone)
    expect(contents(phone.data)).toEqual(contents(ada.data))
    expect(phone.data.contacts.get(BEN)).toEqual({
      contact: BEN,
      name: 'Benjamin',
      addedAt: 5,
      root: new Uint8Array(32).fill(7),
    })
    expect(phone.data.contacts.get(CLEO)).toBeUndefined()
    expect(phone.data.starred.list()).toEqual([{ message: MESSAGE, at: 9 }])
    expect(phone.data.devices.get(PHONE)).toEqual({
      device: PHONE,
      name: 'the phone',
      kind: 'browser',
    })
    expect(phone.data.invites.get('i1')).toMatchObject({ usedAt: 3, usedBy: BEN })
    expect(phone.data.settings.get('read-receipts')).toBe(false)
  })

  test('the same events come on both devices, in the same order', () => {
    const [ada, phone] = [desk(1), desk(2)]
    const [here, there] = [heard(ada.data), heard(phone.data)]
    editAll(ada.data)
    tell(ada, phone)
    expect(there).toEqual(here)
    expect(here.map(([name]) => name)).toEqual([
      'contact:changed',
      'contact:changed',
      'contact:changed',
      'contact:removed',
      'starred:changed',
      'starred:changed',
      'starred:changed',
      'device:renamed',
      'device:renamed',
      'invite:changed',
      'invite:changed',
      'setting:changed',
      'setting:changed',
    ])
  })

  test('an edit that changes nothing writes nothing and tells nobody', () => {
    const { data, written } = desk(1)
    editAll(data)
    const [before, events] = [written.length, heard(data)]
    data.contacts.rename(BEN, 'Benjamin')
    data.starred.add(MESSAGE, 1_000)
    data.starred.remove(messageNumber(3))
    data.devices.set(PHONE, { name: 'the phone' })
    data.settings.set('read-receipts', false)
    expect(written.length).toBe(before)
    expect(events).toEqual([])
  })

  test('a batch is one update and reads its own edits', () => {
    const { data, written } = desk(1)
    const events = heard(data)
    data.batch(() => {
      data.starred.add(MESSAGE, 1)
      expect(data.starred.has(MESSAGE)).toBe(true)
      data.starred.remove(MESSAGE)
      expect(data.starred.has(MESSAGE)).toBe(false)
      data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
      expect(data.contacts.rename(BEN, 'B')).toBe(true)
    })
    expect(written.length).toBe(1)
    expect(events).toEqual([['contact:changed', { contact: BEN, name: 'B', addedAt: 1 }]])
  })
})

describe('ACC-2 concurrent edits of different fields merge', () => {
  test('also when both devices made the contact', () => {
    const [ada, phone] = [desk(1), desk(2)]
    ada.data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
    phone.data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
    ada.data.contacts.edit(BEN, { verifiedAt: 8 })
    phone.data.contacts.rename(BEN, 'Benjamin')
    phone.data.contacts.edit(BEN, { blockedAt: 9 })
    meet(ada, phone)
    expect(contents(ada.data)).toEqual(contents(phone.data))
    expect(ada.data.contacts.get(BEN)).toMatchObject({ verifiedAt: 8, blockedAt: 9, addedAt: 1 })
  })

  test('of two names one stands, the same on both', () => {
    const [ada, phone] = [desk(1), desk(2)]
    ada.data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
    tell(ada, phone)
    ada.data.contacts.rename(BEN, 'from ada')
    phone.data.contacts.rename(BEN, 'from phone')
    meet(ada, phone)
    expect(ada.data.contacts.get(BEN)).toEqual(phone.data.contacts.get(BEN))
  })
})

describe('ACC-4 a contact is one while it has addedAt', () => {
  test.each([
    [1, 2],
    [2, 1],
  ])('a rename does not undo a concurrent remove, a set does (client ids %i, %i)', (a, b) => {
    const [ada, phone] = [desk(a), desk(b)]
    for (const contact of [BEN, CLEO]) {
      ada.data.contacts.set(contact, { name: 'x', addedAt: 1, verifiedAt: 2 })
    }
    tell(ada, phone)
    for (const contact of [BEN, CLEO]) ada.data.contacts.remove(contact)
    phone.data.contacts.rename(BEN, 'Ben')
    phone.data.contacts.set(CLEO, { name: 'Cleo', addedAt: 7 })
    meet(ada, phone)
    expect(ada.data.contacts.list()).toEqual([{ contact: CLEO, name: 'Cleo', addedAt: 7 }])
    expect(phone.data.contacts.list()).toEqual(ada.data.contacts.list())
  })

  test('nothing a removed contact left comes back when it is added again', () => {
    const { data } = desk(1)
    data.contacts.set(BEN, { name: 'Ben', addedAt: 1, verifiedAt: 2, hints: Uint8Array.of(1) })
    data.contacts.set(BEN, { name: 'Ben', addedAt: 3 })
    expect(data.contacts.get(BEN)).toEqual({ contact: BEN, name: 'Ben', addedAt: 3 })
  })
})

describe('ACC-5 stars are a set in which an unstar takes away what it has seen', () => {
  test.each([
    [1, 2],
    [2, 1],
  ])('a star made without knowledge of the unstar stays (client ids %i, %i)', (a, b) => {
    const [ada, phone] = [desk(a), desk(b)]
    ada.data.starred.add(MESSAGE, 1)
    phone.data.starred.add(MESSAGE, 2)
    ada.data.starred.remove(MESSAGE)
    meet(ada, phone)
    expect([ada, phone].map(({ data }) => data.starred.list())).toEqual([
      [{ message: MESSAGE, at: 2 }],
      [{ message: MESSAGE, at: 2 }],
    ])
  })

  test.each([
    [1, 2],
    [2, 1],
  ])('starring what is starred does not undo a concurrent unstar (client ids %i, %i)', (a, b) => {
    const [ada, phone] = [desk(a), desk(b)]
    ada.data.starred.add(MESSAGE, 1)
    tell(ada, phone)
    phone.data.starred.add(MESSAGE, 2)
    ada.data.starred.remove(MESSAGE)
    meet(ada, phone)
    expect([ada, phone].map(({ data }) => data.starred.has(MESSAGE))).toEqual([false, false])
  })

  test('an old star never comes back: replaying every update changes nothing', () => {
    const [ada, phone] = [desk(1), desk(2)]
    ada.data.starred.add(MESSAGE, 1)
    tell(ada, phone)
    phone.data.starred.remove(MESSAGE)
    const events = heard(phone.data)
    meet(ada, phone)
    meet(ada, phone)
    expect(phone.data.starred.has(MESSAGE)).toBe(false)
    expect(ada.data.starred.has(MESSAGE)).toBe(false)
    expect(events).toEqual([])
  })

  test('a second star of the same message is no event', () => {
    const [ada, phone] = [desk(1), desk(2)]
    ada.data.starred.add(MESSAGE, 1)
    phone.data.starred.add(MESSAGE, 2)
    const events = heard(ada.data)
    tell(phone, ada)
    expect(events).toEqual([])
    expect(ada.data.starred.list()).toEqual([{ message: MESSAGE, at: 2 }])
  })
})

test('ACC-6 an invite is used once; of two concurrent uses one stands everywhere', () => {
  const [ada, phone] = [desk(1), desk(2)]
  ada.data.invites.add('i1', { key: new Uint8Array(4), createdAt: 1, expiresAt: 2 })
  tell(ada, phone)
  expect(ada.data.invites.use('i1', { at: 3, by: BEN })).toBe(true)
  expect(phone.data.invites.use('i1', { at: 3, by: CLEO })).toBe(true)
  meet(ada, phone)
  expect(ada.data.invites.get('i1')).toEqual(phone.data.invites.get('i1'))
  expect(ada.data.invites.use('i1', { at: 4, by: BEN })).toBe(false)
  expect(ada.data.invites.use('unknown', { at: 4, by: BEN })).toBe(false)
})

describe('ACC-7 what is written has limits', () => {
  test.each([
    ['an empty name', '', 'ERR_MALFORMED'],
    ['129 characters', 'ü'.repeat(129), 'ERR_TOO_LARGE'],
    ['half of a character', '\ud83d', 'ERR_MALFORMED'],
  ])('%s is refused', (_, name, code) => {
    const { data, written } = desk(1)
    expect(() => data.contacts.set(BEN, { name, addedAt: 1 })).toThrowError(
      expect.objectContaining({ code }),
    )
    expect(() => data.devices.set(PHONE, { name })).toThrowError(expect.objectContaining({ code }))
    expect(written).toEqual([])
  })

  test('128 characters outside the basic plane are a name', () => {
    const { data } = desk(1)
    data.contacts.set(BEN, { name: '😀'.repeat(128), addedAt: 1 })
    expect([...(data.contacts.get(BEN)?.name ?? '')].length).toBe(128)
  })

  test.each(['__proto__', 'constructor', 'toString', 'a/b', 'a b', '', 'x'.repeat(97)])(
    'C4 a setting cannot be called %j',
    (key) => {
      const { data } = desk(1)
      expect(() => data.settings.set(key, 1)).toThrowError(
        expect.objectContaining({ code: 'ERR_MALFORMED' }),
      )
    },
  )

  test('a value is a scalar of bounded size', () => {
    const { data } = desk(1)
    for (const value of ['x'.repeat(4097), Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => data.settings.set('k', value)).toThrowError(
        expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
      )
    }
  })

  test('changing what is not there says so', () => {
    const { data, written } = desk(1)
    expect(data.contacts.rename(BEN, 'x')).toBe(false)
    expect(data.contacts.edit(BEN, { verifiedAt: 1 })).toBe(false)
    data.contacts.remove(BEN)
    expect(written).toEqual([])
  })
})

describe('ACC-3 a document is opened from its snapshot', () => {
  test('with everything in it, under a new client id', () => {
    const ada = desk(1)
    editAll(ada.data)
    const again = createAccountData({ clientId: 2, snapshot: ada.data.snapshot() })
    expect(contents(again)).toEqual(contents(ada.data))
    again.contacts.rename(BEN, 'B')
    expect(again.contacts.get(BEN)?.name).toBe('B')
  })

  test('a damaged one is told from a sound one', () => {
    const ada = desk(1)
    editAll(ada.data)
    const damaged = ada.data.snapshot().slice(0, 40)
    expect(() => createAccountData({ snapshot: damaged })).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })
})

test('D5 any edits on three devices, told in any order, end in the same state', () => {
  const edit = fc.oneof(
    fc.record({ kind: fc.constantFrom('set', 'rename', 'remove', 'star', 'unstar', 'put') }),
  )
  const step = fc.record({
    who: fc.nat({ max: 2 }),
    edit,
    what: fc.nat({ max: 3 }),
    value: fc.nat({ max: 9 }),
    tellTo: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
  })
  const run = ({ data }: Desk, kind: string, what: number, value: number): void => {
    const contact = accountNumber(what)
    if (kind === 'set') data.contacts.set(contact, { name: `n${value}`, addedAt: value })
    if (kind === 'rename') data.contacts.rename(contact, `r${value}`)
    if (kind === 'remove') data.contacts.remove(contact)
    if (kind === 'star') data.starred.add(messageNumber(what), value)
    if (kind === 'unstar') data.starred.remove(messageNumber(what))
    if (kind === 'put') data.settings.set(`s${what}`, value)
  }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (steps, order) => {
      const desks = [desk(11), desk(7), desk(30)]
      const at = (index: number): Desk => desks[index] ?? desk(99)
      for (const { who, edit: how, what, value, tellTo } of steps) {
        run(at(who), how.kind, what, value)
        if (tellTo === undefined || tellTo === who) continue
        for (const update of at(who).written) at(tellTo).data.applyUpdate(update)
      }
      const all = desks.flatMap(({ written }) => written)
      for (const { data } of desks) {
        const shuffled = all
          .map((update) => ({ update, key: order.next().value }))
          .sort((a, b) => a.key - b.key)
        for (const { update } of shuffled) data.applyUpdate(update)
        expect(data.heldCount).toBe(0)
      }
      for (const { data } of desks) expect(contents(data)).toEqual(contents(at(0).data))
    }),
    { numRuns: 60 },
  )
})
