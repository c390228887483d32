import type { MessageGap } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { BEN, CARA, message, messageId, PHONE } from '../test/fake-device.ts'
import { start } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'

describe('CLI-78 read', () => {
  test('CLI-78 marks what a contact wrote as read, all or up to a message', async () => {
    const {
      json,
      human,
      device: own,
    } = await createWorld((fake) => {
      fake.unread = 3
    })
    const some = await json(['read', 'Ben', '--up-to', messageId('first')])
    expect(some.code).toBe(0)
    expect(own.readUpTo).toEqual({ contact: BEN, upTo: messageId('first') })
    expect(some.events()).toEqual([
      { event: 'read', contact: BEN, name: 'Ben', marked: 2, unread: 1 },
    ])
    const { out } = await human(['read', 'Ben'])
    expect(own.readUpTo).toEqual({ contact: BEN, upTo: undefined })
    expect(out()).toBe('1 message of Ben marked as read\n')
  })

  test('CLI-78 an unknown message marks nothing', async () => {
    const { json, device: own } = await createWorld()
    const { code, events } = await json(['read', 'Ben', '--up-to', 'zzzzzz'])
    expect(code).toBe(1)
    expect(events()).toMatchObject([{ code: 'ERR_NOT_FOUND' }])
    expect(own.readUpTo).toBeUndefined()
  })
})

describe('CLI-23 messages', () => {
  test('CLI-23 oldest first; --limit keeps the newest', async () => {
    const { json, device: own } = await createWorld()
    own.receive('second', 'second')
    expect((await json(['messages', 'Ben'])).events()).toMatchObject([
      { text: 'hello' },
      { text: 'second' },
    ])
    const limited = await json(['messages', 'Ben', '--limit', '1'])
    expect(limited.events()).toMatchObject([{ text: 'second' }])
  })

  test('CLI-79 a gap stands before the message that shows it, with what becomes of it', async () => {
    const { json, human, device: own } = await createWorld()
    own.receive('second', 'second')
    const gap = { contact: BEN, device: PHONE, first: 3, last: 5, before: messageId('second') }
    own.gaps = [
      { ...gap, state: 'missing' },
      { contact: BEN, device: PHONE, first: 9, last: 9, state: 'gone' },
    ]
    const missing = { event: 'gap', contact: BEN, name: 'Ben', device: PHONE }
    expect((await json(['messages', 'Ben'])).events()).toMatchObject([
      { text: 'hello' },
      { ...missing, missing: 3, state: 'missing', before: messageId('second') },
      { text: 'second' },
      { ...missing, missing: 1, state: 'gone', before: null },
    ])
    const lines = (await human(['messages', 'Ben'])).out().trimEnd().split('\n')
    expect(lines[1]).toMatch(/^—— 3 messages of Ben missing here: asked for/)
    expect(lines[3]).toMatch(/^—— 1 message of Ben missing: on no device/)
  })

  test('CLI-79 --follow tells of a gap when it shows, and when it is filled', async () => {
    const { home, device: own } = await createWorld()
    const following = start(['messages', 'Ben', '--follow', '--json', '--home', home])
    await eventually(() => following.out()).toContain('hello')
    const tell = (contact: typeof BEN, gaps: readonly MessageGap[]): void =>
      void own.events.dispatchEvent(new CustomEvent('message:gap', { detail: { contact, gaps } }))
    tell(CARA, [{ contact: CARA, device: PHONE, first: 1, last: 1, state: 'missing' }])
    tell(BEN, [{ contact: BEN, device: PHONE, first: 2, last: 2, state: 'coming' }])
    tell(BEN, [])
    await eventually(() => following.out()).toContain('filled')
    following.signal('SIGINT')
    await following.ended
    expect(following.events().slice(0, -1)).toMatchObject([
      { text: 'hello' },
      { event: 'gap', contact: BEN, missing: 1, state: 'coming' },
      { event: 'gap', contact: BEN, missing: 0, state: 'filled', device: null },
    ])
  })

  test('CLI-23 --follow goes on with what comes from that contact only', async () => {
    const { home, device: own, json } = await createWorld()
    const following = start(['messages', 'Ben', '--follow', '--json', '--home', home])
    await eventually(() => following.out()).toContain('hello')
    const stranger = message({ message: messageId('other'), chat: message({}).chat, text: 'cara' })
    const other = { ...stranger, chat: `c${CARA.slice(1)}` }
    own.events.dispatchEvent(new CustomEvent('message:received', { detail: other }))
    own.receive('new', 'new')
    await json(['send', 'Ben', 'mine'])
    await eventually(() => following.out()).toContain('mine')
    following.signal('SIGINT')
    expect(await following.ended).toBe(130)
    expect(following.events()).toMatchObject([
      { text: 'hello' },
      { text: 'new' },
      { text: 'mine', from: { self: true }, delivery: { reached: 0, of: 2, read: false } },
      { event: 'error', code: 'ERR_INTERRUPTED' },
    ])
  })
})

test('CLI-23 a message that comes while the history is read is shown once', async () => {
  const { home, device: own } = await createWorld()
  own.whileListing = () => {
    own.whileListing = undefined
    own.receive('meanwhile', 'meanwhile')
  }
  const following = start(['messages', 'Ben', '--follow', '--json', '--home', home])
  await eventually(() => following.out()).toContain('meanwhile')
  own.receive('last', 'last')
  await eventually(() => following.out()).toContain('last')
  following.signal('SIGINT')
  await following.ended
  expect(following.events().slice(0, -1)).toMatchObject([
    { text: 'hello' },
    { text: 'meanwhile' },
    { text: 'last' },
  ])
})
