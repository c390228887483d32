import { type ChatId, type DeviceId, parseChatId } from '@kithmesh/protocol'
import { isRangeSet, NO_RANGES, type Range, type RangeSet, unionRanges } from '../range-set.ts'
import { idsOf } from './fields.ts'
import { openRowTable, type Row } from './row-table.ts'
import type { OpenView } from './view.ts'

/** What of a chat was shown to the person, on any own device (ACC-20). */
export interface ReadsView {
  /** Numbers of what one device wrote in the chat, as its contents count themselves (DEL-6). */
  readNumbers(chat: ChatId, author: DeviceId): RangeSet
  /**
   * Notes that contents were shown. What was shown stays so: each own device writes a field of its own, and all
   * of them count. False when it is no news.
   */
  markRead(chat: ChatId, read: ReadByDevice): boolean
}

/** Contents of one author that were shown on one own device. */
export interface ReadByDevice {
  /** The own device. */
  readonly by: DeviceId
  readonly author: DeviceId
  readonly numbers: RangeSet
}

/** Events of this view. */
export interface ReadEvents {
  /** More of a chat was shown, here or on a sibling. */
  'chat:read': { readonly chat: ChatId }
}

/** Opens the view over its table. */
export const openChatReads: OpenView<ReadsView, ReadEvents> = (fields, emit) => {
  const chatOf = idsOf(parseChatId)
  const table = openRowTable(fields, 'reads', (before) => {
    const chats = new Set([...before.keys()].map((id) => id.split(BETWEEN)[0] ?? ''))
    for (const id of chats) {
      const chat = chatOf(id)
      if (chat !== undefined) emit('chat:read', { chat })
    }
  })
  return {
    readNumbers: (chat, author) => numbersIn(table.row(rowOf(chat, author))),
    markRead: (chat, { by, author, numbers }) => {
      const row = table.row(rowOf(chat, author))
      const field = endOf(by)
      const before = row?.get(field)
      const own = unionRanges(before === undefined ? NO_RANGES : rangesIn(before), numbers)
      if (sameRanges(unionRanges(numbersIn(row), numbers), numbersIn(row))) return false
      table.write(rowOf(chat, author), { [field]: textOf(atMost(own)) })
      return true
    },
  }
}

const BETWEEN = '.'
/** Characters of a device's id that name it here: names of fields are short, and ids differ at their end. */
const ID_CHARACTERS = 16
/** Runs of numbers in one field; of more the lowest are taken together, so that a field stays short. */
const MAX_RANGES = 64

function rowOf(chat: ChatId, author: DeviceId): string {
  return `${chat}${BETWEEN}${endOf(author)}`
}

function endOf(device: DeviceId): string {
  return device.slice(-ID_CHARACTERS)
}

function numbersIn(row: Row | undefined): RangeSet {
  if (row === undefined) return NO_RANGES
  return [...row.values()].map(rangesIn).reduce(unionRanges, NO_RANGES)
}

/** What is not what it should be says nothing. */
function rangesIn(value: unknown): RangeSet {
  if (typeof value !== 'string') return NO_RANGES
  const ranges = value.split(',').map((text): Range => {
    const [, from = '', to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(text) ?? []
    return { from: Number(from), to: Number(to) }
  })
  return isRangeSet(ranges) ? ranges : NO_RANGES
}

function textOf(ranges: RangeSet): string {
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

function atMost(ranges: RangeSet): RangeSet {
  if (ranges.length <= MAX_RANGES) return ranges
  const oldest = ranges.slice(0, 1 - MAX_RANGES)
  const newest = ranges.slice(1 - MAX_RANGES)
  return [{ from: oldest[0]?.from ?? 1, to: oldest.at(-1)?.to ?? 1 }, ...newest]
}

function sameRanges(a: RangeSet, b: RangeSet): boolean {
  return (
    a.length === b.length && a.every(({ from, to }, at) => b[at]?.from === from && b[at].to === to)
  )
}
