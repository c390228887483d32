import { directChatId } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { desk, meet } from '../testing/desk.ts'
import { accountNumber } from '../testing/ids.ts'
import { textItem, wireUpdate } from '../testing/yjs-update.ts'
import { createAccountData } from './account-data.ts'

const CHAT = directChatId(accountNumber(1), accountNumber(2))
const OTHER = directChatId(accountNumber(1), accountNumber(3))
const NOTHING = { chat: CHAT, archived: false, favourite: false }

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
      textItem('chats', 'nothing/archived', 'yes'),
    ]
    data.applyUpdate(wireUpdate([{ client: 9, clock: 0, structs }]))
    expect(data.chats.get(CHAT)).toEqual(NOTHING)
    expect(data.chats.list()).toEqual([NOTHING])
  })
})
