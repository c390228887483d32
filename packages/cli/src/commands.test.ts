import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { ACCOUNT, BEN, CARA, LAPTOP, message, messageId, PHONE } from '../test/fake-node.ts'
import { start } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'
import { answerEvent } from './events.ts'

const AT = '2026-11-22T10:02:00.000Z'
const first = {
  event: 'message',
  message: messageId('first'),
  chat: `c${BEN.slice(1)}`,
  from: { account: BEN, name: 'Ben', self: false },
  device: PHONE,
  text: 'hello',
  at: AT,
  starred: false,
  delivery: null,
}

/** What the events of these contacts have in common. */
const known = { event: 'contact', changed: false, held: false, alert: null } as const

describe('CLI-2 the JSON of every command', () => {
  test('CLI-2 status', async () => {
    const { json } = await createWorld()
    const { code, events } = await json(['status'])
    expect(code).toBe(0)
    expect(events()).toEqual([
      {
        event: 'status',
        account: ACCOUNT,
        device: LAPTOP,
        name: 'laptop',
        devices: [
          {
            device: LAPTOP,
            name: 'laptop',
            kind: 'cli',
            this: true,
            state: 'active',
            path: 'this',
            reason: '',
            lastSeen: null,
            pending: 0,
          },
          {
            device: PHONE,
            name: 'phone',
            kind: 'cli',
            this: false,
            state: 'active',
            path: 'relayed',
            reason: 'its network blocks UDP',
            lastSeen: null,
            pending: 0,
          },
        ],
        relays: [{ address: '/ip4/192.0.2.1/tcp/4001', state: 'reserved', reason: null }],
        pending: 1,
        left: null,
        recovery: 'kept',
      },
    ])
  })

  test('CLI-2 devices, one line each, and devices list the same', async () => {
    const { json } = await createWorld()
    const { code, events } = await json(['devices'])
    expect(code).toBe(0)
    const expected = (id: string, name: string, self: boolean) => ({
      event: 'device',
      device: id,
      name,
      kind: 'cli',
      this: self,
      state: 'active',
      addedAt: '2026-11-21T10:02:00.000Z',
      lastSeen: null,
      linkedBy: null,
      expiresAt: null,
      suspended: null,
      idleIn: null,
    })
    expect(events()).toEqual([expected(LAPTOP, 'laptop', true), expected(PHONE, 'phone', false)])
    expect((await json(['devices', 'list'])).events()).toEqual(events())
  })

  test('CLI-2 devices rename', async () => {
    const { json, device: own } = await createWorld()
    const { code, events } = await json(['devices', 'rename', 'phone', 'Ada’s phone'])
    expect(code).toBe(0)
    expect(events()).toMatchObject([{ event: 'device', device: PHONE, name: 'Ada’s phone' }])
    expect(own.devices[1]?.name).toBe('Ada’s phone')
  })

  test('CLI-2 contacts, contacts invite, add and rename', async () => {
    const { json } = await createWorld()
    expect((await json(['contacts'])).events()).toEqual([
      { ...known, contact: BEN, name: 'Ben', verified: false, devices: 2 },
      { ...known, contact: CARA, name: 'Cara', verified: true, devices: 1 },
    ])
    const invite = await json(['contacts', 'invite'])
    expect(invite.events()).toEqual([{ event: 'invite', code: 'WEB+KITH:C/BBBB' }])
    const added = await json(['contacts', 'add', 'WEB+KITH:C/BBBB', '--name', 'Caroline'])
    expect(added.events()).toEqual([
      { ...known, contact: CARA, name: 'Caroline', verified: false, devices: 1 },
    ])
    const renamed = await json(['contacts', 'rename', 'Ben', 'Benjamin'])
    expect(renamed.events()).toEqual([
      { ...known, contact: BEN, name: 'Benjamin', verified: false, devices: 2 },
    ])
    for (const { code } of [invite, added, renamed]) expect(code).toBe(0)
  })

  test('CLI-2 send waits for nothing but the disk', async () => {
    const { json, device: own } = await createWorld()
    const { code, events } = await json(['send', 'Ben', 'hi'])
    expect(code).toBe(0)
    expect(events()).toEqual([
      { event: 'sent', message: messageId('sent'), chat: `c${BEN.slice(1)}` },
    ])
    expect(own.messages.at(-1)?.text).toBe('hi')
  })

  test('CLI-2 star, starred and unstar', async () => {
    const { json } = await createWorld()
    const id = messageId('first')
    expect((await json(['star', id])).events()).toEqual([{ ...first, starred: true }])
    expect((await json(['starred'])).events()).toEqual([{ ...first, starred: true }])
    expect((await json(['unstar', id.slice(0, 6)])).events()).toEqual([first])
    expect((await json(['starred'])).events()).toEqual([])
  })

  test('CLI-2 every answer of the device has a declared shape', async () => {
    const { json } = await createWorld()
    const commands = [
      'status',
      'devices',
      'contacts',
      'contacts invite',
      'contacts verify Ben',
      'contacts accept Ben',
      'code Ben',
      'messages Ben',
      'send Ben x',
    ]
    for (const command of commands) {
      const { events } = await json(command.split(' '))
      expect(events().length, command).toBeGreaterThan(0)
      for (const event of events()) expect(answerEvent.parse(event)).toEqual(event)
    }
  })

  test('CLI-2 paths and version need no device', async () => {
    const { json, home } = await createWorld()
    const paths = await json(['paths'])
    expect(paths.events()).toEqual([{ event: 'paths', home, socket: `${home}/kith.sock` }])
    const { events, code } = await json(['--version'])
    expect(events()).toEqual([
      {
        event: 'version',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        node: process.versions.node,
      },
    ])
    expect(code).toBe(0)
  })

  test('CLI-2 a name longer than an event may hold is cut, and ends no command', async () => {
    const { json } = await createWorld((own) => {
      own.contacts = [{ contact: BEN, name: 'B'.repeat(5000), verified: false, devices: 1 }]
    })
    const { code, events } = await json(['contacts'])
    expect(code).toBe(0)
    expect(events()).toMatchObject([{ name: 'B'.repeat(256) }])
  })
})

describe('CLI-17 send', () => {
  const reached = (count: number) => ({ reached: count, of: 2, read: false })

  test('CLI-17 --wait reached ends with the first device', async () => {
    const { json } = await createWorld((own) => {
      own.deliveries = [reached(0), reached(1), reached(2)]
    })
    const { code, events } = await json(['send', 'Ben', 'hi', '--wait', 'reached'])
    expect(code).toBe(0)
    const message = messageId('sent')
    expect(events().slice(1)).toEqual([
      { event: 'delivery', message, ...reached(0) },
      { event: 'delivery', message, ...reached(1) },
    ])
  })

  test('CLI-17 --wait all ends when every device has it', async () => {
    const { json } = await createWorld((own) => {
      own.deliveries = [{ reached: 0, of: 0, read: false }, reached(1), reached(2)]
    })
    const { code, events } = await json(['send', 'Ben', 'hi', '--wait', 'all'])
    expect(code).toBe(0)
    expect(events().at(-1)).toMatchObject({ event: 'delivery', reached: 2, of: 2 })
  })

  test('CLI-17 after --timeout: exit 4, and the message stays', async () => {
    const { json, device: own } = await createWorld()
    const { code, events } = await json(['send', 'Ben', 'hi', '--wait', 'all', '--timeout', '20'])
    expect(code).toBe(4)
    expect(events().map((event) => (event as { event: string }).event)).toEqual([
      'sent',
      'delivery',
      'error',
    ])
    expect(events().at(-1)).toMatchObject({
      code: 'ERR_TIMEOUT',
      hint: expect.stringContaining('outbox'),
    })
    expect(own.messages.at(-1)?.text).toBe('hi')
  })

  test('CLI-17 - reads the text from stdin, without the line break of the shell', async () => {
    const { json, device: own } = await createWorld()
    await json(['send', 'Ben', '-'], { stdin: 'two\nlines\n' })
    expect(own.messages.at(-1)?.text).toBe('two\nlines')
  })

  test('CLI-17 a text that is empty, no UTF-8 or too long is not sent', async () => {
    const { json, device: own } = await createWorld()
    const before = own.messages.length
    expect((await json(['send', 'Ben', '-'], { stdin: '\n' })).code).toBe(2)
    expect((await json(['send', 'Ben', '-'], { stdin: Uint8Array.of(0xff, 0xfe) })).code).toBe(2)
    const { code, events } = await json(['send', 'Ben', '-'], { stdin: 'é'.repeat(8193) })
    expect(code).toBe(2)
    expect(events()).toMatchObject([{ code: 'ERR_TEXT' }])
    const cut = `${'x'.repeat(16_384)}王 and more`
    expect((await json(['send', 'Ben', '-'], { stdin: cut })).code).toBe(2)
    expect((await json(['send', 'Ben', '-'], { stdin: Uint8Array.of(0x61, 0xe7) })).code).toBe(2)
    expect(own.messages.length).toBe(before)
    const longest = 'x'.repeat(16_384)
    expect((await json(['send', 'Ben', '-'], { stdin: `${longest}\r\n` })).code).toBe(0)
    expect(own.messages.at(-1)?.text).toBe(longest)
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

describe('CLI-5 naming things', () => {
  test('CLI-5 by id, by the beginning of an id, by name', async () => {
    const { json } = await createWorld()
    for (const given of [BEN, BEN.slice(0, 6), 'Ben', 'ben', ' BEN ']) {
      expect((await json(['messages', given])).code, given).toBe(0)
    }
    expect((await json(['messages', BEN.slice(0, 5)])).code).toBe(1)
  })

  test('CLI-5 what fits two is refused and lists them', async () => {
    const { json } = await createWorld((own) => {
      own.contacts = [
        { contact: BEN, name: 'Ben', verified: false, devices: 1 },
        { contact: CARA, name: 'ｂｅｎ', verified: false, devices: 1 },
      ]
    })
    const { code, events } = await json(['send', 'ben', 'hi'])
    expect(code).toBe(2)
    expect(events()).toMatchObject([{ event: 'error', code: 'ERR_AMBIGUOUS' }])
    expect(JSON.stringify(events())).toContain(BEN)
    expect(JSON.stringify(events())).toContain(CARA)
    // An exact id is always meant.
    expect((await json(['send', BEN, 'hi'])).code).toBe(0)
  })

  test('CLI-5 a name cannot be taken for the id of somebody else', async () => {
    const { json, device: own } = await createWorld((fake) => {
      fake.contacts = [
        { contact: CARA, name: BEN, verified: false, devices: 1 },
        { contact: BEN, name: 'Ben', verified: false, devices: 1 },
      ]
    })
    expect((await json(['send', BEN, 'hi'])).code).toBe(0)
    expect(own.messages.at(-1)?.chat).toBe(`c${BEN.slice(1)}`)
  })

  test('CLI-5 what is not there says what is near', async () => {
    const { json } = await createWorld()
    const { code, events } = await json(['send', 'Bne', 'hi'])
    expect(code).toBe(1)
    expect(events()).toEqual([
      {
        event: 'error',
        code: 'ERR_NOT_FOUND',
        message: 'There is no contact "Bne".',
        hint: 'Did you mean "Ben"?',
      },
    ])
    expect((await json(['star', 'mzzzzzzz'])).events()).toMatchObject([{ code: 'ERR_NOT_FOUND' }])
    expect((await json(['devices', 'rename', 'tablet', 'x'])).code).toBe(1)
  })
})
