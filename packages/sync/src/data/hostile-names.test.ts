import { describe, expect, test } from 'vitest'
import { any, BEN, expectRefused, one, valued, victim } from '../testing/hostile-update.ts'
import { messageNumber } from '../testing/ids.ts'
import { text, textItem, type WireStruct, wireUpdate } from '../testing/yjs-update.ts'
import { createAccountData } from './account-data.ts'

describe('C4 names that poison objects, and types that account data does not use', () => {
  const proto = '__proto__'
  const place = (root: string, key: string): Uint8Array => one(textItem(root, key, 'v'))

  test.each<[string, Uint8Array]>([
    ['a table called __proto__', place(proto, 'a/b')],
    ['a table called constructor', place('constructor', 'a/b')],
    ['a key called __proto__', place('settings', proto)],
    ['a root called __proto__', one(rooted(proto))],
    ['a root called constructor', one(rooted('constructor'))],
    ["another writer's root", one(rooted('w1'))],
    ['a root that is no list of a writer', one(rooted('settings'))],
    ['a collected struct, which nothing of ours leaves', one({ kind: 'gc', length: 5 })],
    ['an entry under a key of a map', one({ ...rooted('w9'), key: 'a' } as WireStruct)],
    ['a row called __proto__', place('settings', `${proto}/value`)],
    ['a row called constructor', place('settings', 'constructor/value')],
    ['a field called toString', place('settings', 'k/toString')],
    ['a key without a field', place('settings', 'k')],
    ['a key with a zero byte', place('settings', 'k/va\0lue')],
    ['an element that is no entry', one(any(1, 120))],
    ['an entry without a value', one(any(1, 117, 1, 119, ...text('settings/k/value')))],
    ['an entry of three', one(any(1, 117, 3, 119, ...text('settings/k/value'), 120, 120))],
    ['an entry whose key is a number', one(any(1, 117, 2, 125, 1, 120))],
    ['an object with __proto__', one(valued(118, 1, ...text(proto), 118, 0))],
    ['an object', one(valued(118, 0))],
    ['an array', one(valued(117, 0))],
    ['undefined', one(valued(127))],
    ['nothing (null)', one(valued(126))],
    ['not a number', one(valued(123, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0))],
    ['a big integer', one(valued(122, 0, 0, 0, 0, 0, 0, 0, 1))],
    ['a nested map', one({ ...any(1), contentRef: 7, content: [1] } as WireStruct)],
    ['a text', one({ ...any(), contentRef: 4, content: [...text('abc')] } as WireStruct)],
    ['JSON', one({ ...any(), contentRef: 2, content: [1, ...text('{}')] } as WireStruct)],
    [
      'a document',
      one({ ...any(), contentRef: 9, content: [...text('guid'), 118, 0] } as WireStruct),
    ],
    [
      'a value between two others',
      one({ kind: 'item', origin: [1, 0], rightOrigin: [1, 1], contentRef: 8, content: [1, 120] }),
    ],
    ['a text of 4,097 characters', one(textItem('settings', 'k/value', 'x'.repeat(4097)))],
  ])('ACC-9 %s is refused', (_, update) => expectRefused(update, 'ERR_UPDATE_CONTENT'))

  test('nothing on Object.prototype has changed', () => {
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Record<string, unknown>)['v']).toBeUndefined()
  })

  test('ACC-9 tables of a later version are kept and passed on', () => {
    const data = victim()
    expect(data.applyUpdate(one(textItem('later', 'l1/name', 'work')))).toEqual({
      kind: 'applied',
    })
    const other = createAccountData({ clientId: 2 })
    expect(other.applyUpdate(data.encodeState())).toEqual({ kind: 'applied' })
    expect(other.encodeState()).toEqual(data.encodeState())
  })

  test('rows that are not what they should be are passed over', () => {
    const data = victim()
    const structs = [
      textItem('contacts', `${BEN}/addedAt`, 'yesterday'),
      textItem('contacts', 'nobody/name', 'x'),
      textItem('starred', `${messageNumber(2)}/z`, 'now'),
      textItem('devices', 'x/name', 'y'),
      textItem('invites', 'i/key', 'k'),
    ]
    expect(data.applyUpdate(wireUpdate([{ client: 9, clock: 0, structs }]))).toEqual({
      kind: 'applied',
    })
    expect(data.contacts.list().length).toBeLessThanOrEqual(1)
    expect(data.starred.list().length).toBe(1)
    expect(data.devices.list()).toEqual([])
    expect(data.invites.list()).toEqual([])
  })
})

/** An entry that names the root it wants to stand under. */
function rooted(root: string): WireStruct {
  return { ...textItem('settings', 'k/value', 'v'), root } as WireStruct
}
