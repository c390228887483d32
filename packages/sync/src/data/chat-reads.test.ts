import { directChatId } from '@kithmesh/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RangeSet, rangesOf } from '../range-set.ts'
import { desk, meet } from '../testing/desk.ts'
import { accountNumber, deviceNumber } from '../testing/ids.ts'
import { textItem, wireUpdate } from '../testing/yjs-update.ts'
import { createAccountData } from './account-data.ts'

const CHAT = directChatId(accountNumber(1), accountNumber(2))
const OTHER = directChatId(accountNumber(1), accountNumber(3))
const [PHONE, LAPTOP] = [deviceNumber(1), deviceNumber(2)]
const [AUTHOR, SECOND] = [deviceNumber(8), deviceNumber(9)]

const run = (from: number, to: number): RangeSet => [{ from, to }]

describe('ACC-20 what was shown', () => {
  test('ACC-20 numbers of one author in one chat, and each is news once', () => {
    const { chats, events } = createAccountData()
    const heard: string[] = []
    events.addEventListener('chat:read', ({ detail }) => heard.push(detail.chat))
    const read = (numbers: RangeSet, by = PHONE): boolean =>
      chats.markRead(CHAT, { by, author: AUTHOR, numbers })
    expect(chats.readNumbers(CHAT, AUTHOR)).toEqual([])
    expect(read(run(1, 3))).toBe(true)
    expect(read(run(2, 3))).toBe(false)
    expect(read(run(2, 3), LAPTOP)).toBe(false)
    expect(read(run(7, 7))).toBe(true)
    expect(chats.readNumbers(CHAT, AUTHOR)).toEqual([...run(1, 3), ...run(7, 7)])
    expect(read(run(4, 6))).toBe(true)
    expect(chats.readNumbers(CHAT, AUTHOR)).toEqual(run(1, 7))
    expect(chats.readNumbers(CHAT, SECOND)).toEqual([])
    expect(chats.readNumbers(OTHER, AUTHOR)).toEqual([])
    expect(heard).toEqual([CHAT, CHAT, CHAT])
    expect(chats.list()).toEqual([])
  })

  test('ACC-20 in any order, with any partitions, all that any device showed was shown', () => {
    const step = fc.record({
      device: fc.nat({ max: 2 }),
      from: fc.integer({ min: 1, max: 30 }),
      length: fc.nat({ max: 4 }),
      meets: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
        const desks = [desk(11), desk(12), desk(13)]
        const shown = new Set<number>()
        for (const { device, from, length, meets } of steps) {
          const numbers = run(from, from + length)
          const read = { by: deviceNumber(device), author: AUTHOR, numbers }
          desks[device]?.data.chats.markRead(CHAT, read)
          for (let number = from; number <= from + length; number++) shown.add(number)
          if (meets) meet(...desks)
        }
        meet(...desks)
        for (const { data } of desks) {
          expect(data.chats.readNumbers(CHAT, AUTHOR)).toEqual(rangesOf(shown))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('ACC-20 of more runs than a field holds the lowest are taken together', () => {
    const { chats } = createAccountData()
    for (let number = 1; number <= 400; number += 2) {
      chats.markRead(CHAT, { by: PHONE, author: AUTHOR, numbers: run(number, number) })
    }
    const read = chats.readNumbers(CHAT, AUTHOR)
    expect(read).toHaveLength(64)
    expect(read.at(-1)).toEqual({ from: 399, to: 399 })
    expect(read[0]).toEqual({ from: 1, to: 273 })
  })

  test('ACC-20 what is no set of numbers says nothing', () => {
    const data = createAccountData()
    const at = (field: string): string => `${CHAT}.${AUTHOR.slice(-16)}/${field}`
    const texts = ['', 'x', '0', '3-1', '1,2', '2,1', '1-', '1e3', '1'.repeat(16), '1-2-3']
    const structs = [
      ...texts.map((text, field) => textItem('reads', at(`writer${field}`), text)),
      textItem('reads', 'nothing/writer', '1'),
      textItem('reads', at('honest'), '4-5,7'),
    ]
    data.applyUpdate(wireUpdate([{ client: 9, clock: 0, structs }]))
    expect(data.chats.readNumbers(CHAT, AUTHOR)).toEqual([...run(4, 5), ...run(7, 7)])
  })
})
