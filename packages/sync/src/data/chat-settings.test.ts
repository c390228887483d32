import { directChatId } from '@kithmesh/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { desk, meet } from '../testing/desk.ts'
import { accountNumber, deviceNumber, messageNumber } from '../testing/ids.ts'
import { textItem, wireUpdate } from '../testing/yjs-update.ts'
import { createAccountData } from './account-data.ts'
import { compareMarks, type ReadMark } from './chat-settings.ts'

const CHAT = directChatId(accountNumber(1), accountNumber(2))
const OTHER = directChatId(accountNumber(1), accountNumber(3))
const NOTHING = { chat: CHAT, archived: false, favourite: false }
const [PHONE, LAPTOP] = [deviceNumber(1), deviceNumber(2)]
const mark = (at: number, message = 1): ReadMark => ({ at, message: messageNumber(message) })

describe('ACC-19 settings of chats', () => {
  test('ACC-19 each is set and taken back by itself', () => {
    const { chats } = createAccountData()
    expect(chats.get(CHAT)).toEqual(NOTHING)
    expect(chats.list()).toEqual([])
    chats.edit(CHAT, { archived: true, pinnedAt: 5 })
    chats.edit(CHAT, { mutedUntil: 9, favourite: true })
    const all = { archived: true, favourite: true, pinnedAt: 5, mutedUntil: 9 }
    expect(chats.get(CHAT)).toEqual({ chat: CHAT, ...all })
    expect(chats.list()).toEqual([{ chat: CHAT, ...all }])
    chats.edit(CHAT, { archived: false, pinnedAt: undefined })
    expect(chats.get(CHAT)).toEqual({ ...NOTHING, favourite: true, mutedUntil: 9 })
    chats.edit(CHAT, { favourite: false, mutedUntil: undefined })
    expect(chats.get(CHAT)).toEqual(NOTHING)
    expect(chats.list()).toEqual([])
  })

  test('ACC-2 different settings of one chat, set on two devices apart, all hold', () => {
    const [phone, laptop] = [desk(1), desk(2)]
    phone.data.chats.edit(CHAT, { archived: true })
    laptop.data.chats.edit(CHAT, { pinnedAt: 3 })
    phone.data.chats.edit(OTHER, { mutedUntil: 7 })
    meet(phone, laptop)
    for (const { data } of [phone, laptop]) {
      expect(data.chats.get(CHAT)).toEqual({ ...NOTHING, archived: true, pinnedAt: 3 })
      expect(data.chats.get(OTHER).mutedUntil).toBe(7)
    }
  })

  test('ACC-1 one event for a change, here and there; none for what changes nothing', () => {
    const [phone, laptop] = [desk(1), desk(2)]
    const heard: unknown[] = []
    for (const { data } of [phone, laptop]) {
      data.events.addEventListener('chat:changed', ({ detail }) => heard.push(detail))
    }
    phone.data.chats.edit(CHAT, { pinnedAt: 1, archived: true })
    phone.data.chats.edit(CHAT, { pinnedAt: 1, archived: true })
    meet(phone, laptop)
    const now = { ...NOTHING, archived: true, pinnedAt: 1 }
    expect(heard).toEqual([now, now])
    expect(phone.written.length).toBe(1)
  })

  test('what is not what it should be is passed over', () => {
    const data = createAccountData()
    const structs = [
      textItem('chats', `${CHAT}/archived`, 'yes'),
      textItem('chats', `${CHAT}/pinnedAt`, 'now'),
      textItem('chats', `${CHAT}/read${'x'.repeat(16)}`, `1e9 ${messageNumber(1)}`),
      textItem('chats', `${CHAT}/read${'y'.repeat(16)}`, '5 nothing'),
      textItem('chats', `${CHAT}/read`, `5 ${messageNumber(1)}`),
      textItem('chats', 'nothing/archived', 'yes'),
    ]
    data.applyUpdate(wireUpdate([{ client: 9, clock: 0, structs }]))
    expect(data.chats.get(CHAT)).toEqual(NOTHING)
    expect(data.chats.list()).toEqual([NOTHING])
  })
})

describe('ACC-20 read marks', () => {
  test('ACC-20 a mark goes forward only, and by the message where times are the same', () => {
    const { chats } = createAccountData()
    const read = (upTo: ReadMark): boolean => chats.markRead(CHAT, { by: PHONE, upTo })
    expect(chats.readMark(CHAT)).toBeUndefined()
    expect(read(mark(5, 2))).toBe(true)
    expect(read(mark(5, 2))).toBe(false)
    expect(read(mark(4, 9))).toBe(false)
    expect(read(mark(5, 1))).toBe(false)
    expect(read(mark(5, 3))).toBe(true)
    expect(read(mark(6, 1))).toBe(true)
    expect(chats.readMark(CHAT)).toEqual(mark(6, 1))
    expect(chats.get(CHAT).readUpTo).toEqual(mark(6, 1))
    expect(chats.readMark(OTHER)).toBeUndefined()
  })

  test('ACC-20 of two devices that read apart the one that read further counts, whatever their ids', () => {
    for (const ids of [
      [1, 2],
      [2, 1],
    ] as const) {
      const [phone, laptop] = [desk(ids[0]), desk(ids[1])]
      phone.data.chats.markRead(CHAT, { by: PHONE, upTo: mark(9) })
      laptop.data.chats.markRead(CHAT, { by: LAPTOP, upTo: mark(4) })
      meet(phone, laptop)
      for (const { data } of [phone, laptop]) expect(data.chats.readMark(CHAT)).toEqual(mark(9))
    }
  })

  test('ACC-20 in any order, with any partitions, the mark is the greatest that any device knows of', () => {
    const step = fc.record({
      device: fc.nat({ max: 2 }),
      at: fc.nat({ max: 6 }),
      message: fc.nat({ max: 2 }),
      meets: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
        const desks = [desk(11), desk(12), desk(13)]
        const marks: ReadMark[] = []
        for (const { device, at, message, meets } of steps) {
          const here = desks[device]
          const before = here?.data.chats.readMark(CHAT)
          const by = deviceNumber(device)
          here?.data.chats.markRead(CHAT, { by, upTo: mark(at, message) })
          marks.push(mark(at, message))
          const after = here?.data.chats.readMark(CHAT)
          if (before && after) expect(compareMarks(after, before)).toBeGreaterThanOrEqual(0)
          if (meets) meet(...desks)
        }
        meet(...desks)
        const greatest = marks.sort(compareMarks).at(-1)
        for (const { data } of desks) expect(data.chats.readMark(CHAT)).toEqual(greatest)
      }),
      { numRuns: 200 },
    )
  })
})
