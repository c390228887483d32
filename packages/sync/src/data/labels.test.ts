import { directChatId } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { desk, meet } from '../testing/desk.ts'
import { accountNumber, messageNumber } from '../testing/ids.ts'
import { textItem, wireUpdate } from '../testing/yjs-update.ts'
import { createAccountData } from './account-data.ts'
import { MAX_LABELS } from './labels.ts'

const CHAT = directChatId(accountNumber(1), accountNumber(2))
const MESSAGE = messageNumber(1)
const SHOP = { label: 'shop1', name: 'Shop', addedAt: 1 }
const names = (labels: readonly { readonly name: string }[]): readonly string[] =>
  labels.map(({ name }) => name)

describe('ACC-17 labels', () => {
  test('ACC-17 a label is made, renamed, put on a chat and a message, and listed by either', () => {
    const { labels } = createAccountData()
    labels.add('shop1', { name: 'Shop', addedAt: 2 })
    labels.add('work1', { name: 'Work', addedAt: 1 })
    expect(names(labels.list())).toEqual(['Work', 'Shop'])
    expect(labels.rename('shop1', 'Customers')).toBe(true)
    expect(labels.put('shop1', CHAT)).toBe(true)
    expect(labels.put('shop1', MESSAGE)).toBe(true)
    labels.put('work1', CHAT)
    expect(names(labels.on(CHAT))).toEqual(['Work', 'Customers'])
    expect(labels.of('shop1')).toEqual([CHAT, MESSAGE])
    labels.take('shop1', CHAT)
    expect(labels.of('shop1')).toEqual([MESSAGE])
    expect(labels.on(messageNumber(9))).toEqual([])
  })

  test('ACC-17 a removed label is gone from everything; a concurrent rename does not bring it back', () => {
    const [phone, laptop] = [desk(1), desk(2)]
    phone.data.labels.add('shop1', SHOP)
    phone.data.labels.put('shop1', CHAT)
    meet(phone, laptop)
    phone.data.labels.remove('shop1')
    laptop.data.labels.rename('shop1', 'Customers')
    laptop.data.labels.put('shop1', MESSAGE)
    meet(phone, laptop)
    for (const { data } of [phone, laptop]) {
      expect(data.labels.list()).toEqual([])
      expect(data.labels.get('shop1')).toBeUndefined()
      expect(data.labels.on(CHAT)).toEqual([])
      expect(data.labels.on(MESSAGE)).toEqual([])
      expect(data.labels.put('shop1', CHAT)).toBe(false)
      expect(data.labels.rename('shop1', 'x')).toBe(false)
    }
    expect(phone.data.encodeState()).toEqual(laptop.data.encodeState())
  })

  test.each([
    [1, 2],
    [2, 1],
  ])(
    'ACC-18 taken off here while it was put there anew: it stays, whoever has the larger id (%i, %i)',
    (a, b) => {
      const [phone, laptop] = [desk(a), desk(b)]
      phone.data.labels.add('shop1', SHOP)
      phone.data.labels.put('shop1', CHAT)
      meet(phone, laptop)
      phone.data.labels.take('shop1', CHAT)
      laptop.data.labels.take('shop1', CHAT)
      laptop.data.labels.put('shop1', CHAT)
      meet(phone, laptop)
      for (const { data } of [phone, laptop]) expect(names(data.labels.on(CHAT))).toEqual(['Shop'])
      // Seen by both now: taken off once, it is off.
      phone.data.labels.take('shop1', CHAT)
      meet(phone, laptop)
      for (const { data } of [phone, laptop]) expect(data.labels.on(CHAT)).toEqual([])
    },
  )

  test('ACC-1 the same events come on both devices', () => {
    const [phone, laptop] = [desk(1), desk(2)]
    const heard = [phone, laptop].map(({ data }) => {
      const events: unknown[] = []
      for (const name of ['label:changed', 'label:removed', 'labelled:changed'] as const) {
        data.events.addEventListener(name, ({ detail }) => events.push([name, detail]))
      }
      return events
    })
    phone.data.labels.add('shop1', SHOP)
    phone.data.labels.put('shop1', CHAT)
    phone.data.labels.put('shop1', CHAT)
    phone.data.labels.remove('shop1')
    meet(phone, laptop)
    expect(heard[0]).toEqual([
      ['label:changed', SHOP],
      ['labelled:changed', { label: 'shop1', on: CHAT, labelled: true }],
      ['label:removed', { label: 'shop1' }],
      ['labelled:changed', { label: 'shop1', on: CHAT, labelled: false }],
    ])
    expect(heard[1]).toEqual(heard[0])
  })

  test('ACC-7 names and their number have limits; what others wrote is cut or passed over', () => {
    const data = createAccountData({ clientId: 1 })
    expect(() => data.labels.add('shop1', { name: '', addedAt: 1 })).toThrow('empty')
    expect(() => data.labels.add('shop1', { name: 'x'.repeat(129), addedAt: 1 })).toThrow('128')
    for (const label of ['', 'a/b', 'ü', 'x'.repeat(32)]) {
      expect(() => data.labels.add(label, { name: 'x', addedAt: 1 })).toThrow('id of a label')
    }
    const structs = [
      textItem('labels', 'l1/addedAt', 'yesterday'),
      textItem('labels', 'a.b/name', 'x'),
      textItem('labelled', `${CHAT}/l1`, 'x'),
      textItem('labelled', 'nothing/l1', 'x'),
    ]
    data.applyUpdate(wireUpdate([{ client: 9, clock: 0, structs }]))
    expect(data.labels.list()).toEqual([])
    expect(data.labels.on(CHAT)).toEqual([])
    for (let at = 0; at < MAX_LABELS; at += 1) data.labels.add(`l${at}`, { name: 'x', addedAt: at })
    expect(() => data.labels.add('more', { name: 'x', addedAt: 1 })).toThrow(`${MAX_LABELS} labels`)
  })
})
