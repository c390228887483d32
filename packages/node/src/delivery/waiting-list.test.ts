import { directChatId, type MessageId, messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { createWaitingList, type WaitingEntry } from './waiting-list.ts'

const CHAT = directChatId(accountNamed('a'), accountNamed('b'))
const AUTHOR = deviceNamed('p')

function idOf(number: number): MessageId {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return messageIdFromBytes(bytes)
}

function entry(seq: number, at: number): WaitingEntry {
  const value = { author: AUTHOR, seq, isReceipt: false, reached: [], isRead: true }
  return { message: idOf(seq), chat: CHAT, at, ...value }
}

test('DEL-15 D6 20,000 that come in any order are found by time and number, also while they leave', () => {
  const list = createWaitingList()
  const count = 20_000
  // 7,919 has no divisor with 20,000 in common: every number once, in a wild order.
  const wild = Array.from({ length: count }, (_, at) => ((at * 7_919) % count) + 1)
  for (const seq of wild) expect(list.add(entry(seq, seq >> 2))).toBe(true)
  expect(list.add(entry(1, 0))).toBe(false)
  expect(list.countIn(CHAT)).toBe(count)
  const numbers = (from?: number): readonly number[] =>
    list.inOrder(CHAT, from).map(({ seq }) => seq)
  expect(numbers()).toEqual(wild.toSorted((a, b) => a - b))
  expect(numbers(4_999)).toEqual([19_996, 19_997, 19_998, 19_999, 20_000])
  for (let seq = 1; seq <= 19_990; seq++) expect(list.remove(idOf(seq))).toBe(true)
  expect(list.remove(idOf(1))).toBe(false)
  expect(numbers()).toEqual([
    19_991, 19_992, 19_993, 19_994, 19_995, 19_996, 19_997, 19_998, 19_999, 20_000,
  ])
  list.add(entry(20_001, 9_000))
  expect(numbers(5_000)).toEqual([20_000, 20_001])
  for (let seq = 19_991; seq <= 20_001; seq++) list.remove(idOf(seq))
  expect([list.size(), list.countIn(CHAT), list.chats()]).toEqual([0, 0, []])
})

test('DEL-15 E4 what one device wrote leaves by its numbers, though its clock went back in between', () => {
  const list = createWaitingList()
  const other = { ...entry(7, 60), message: idOf(70), author: deviceNamed('o') }
  // As from the account log: in any order.
  for (const one of [entry(3, 50), entry(1, 100), other, entry(2, 40), entry(4, 110)]) list.add(one)
  const numbers = (from?: number): readonly number[] =>
    list.inOrder(CHAT, from).map(({ seq }) => seq)
  expect(numbers()).toEqual([7, 1, 2, 3, 4])
  expect(numbers(50)).toEqual([7, 1, 3, 4])
  list.remove(idOf(1))
  expect(numbers(45)).toEqual([7, 3, 4])
  // As it is written: the clock goes back once more.
  list.add(entry(5, 30))
  expect(numbers(30)).toEqual([2, 3, 7, 4, 5])
})
