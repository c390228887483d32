import type { MessageGap } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import {
  ACCOUNT,
  BEN,
  CARA,
  deliveryState,
  LAPTOP,
  message,
  messageId,
  PHONE,
} from '../test/fake-node.ts'
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
  unread: false,
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
        reachable: 'yes',
        reachableReason: 'Through the relay at 192.0.2.1',
        devices: [
          {
            device: LAPTOP,
            name: 'laptop',
            kind: 'cli',
            this: true,
            state: 'active',
            path: 'this',
            over: null,
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
            over: null,
            reason: 'its network blocks UDP',
            lastSeen: null,
            pending: 0,
          },
        ],
        contacts: [],
        relays: [{ address: '/ip4/192.0.2.1/tcp/4001', state: 'reserved', reason: null }],
        pending: 1,
        waiting: [],
        damage: [],
        left: null,
        recovery: 'kept',
      },
    ])
  })

  test('CLI-105 what relays say they forwarded, a line per day', async () => {
    const { json, human } = await createWorld()
    const { events } = await json(['relay', 'usage'])
    const day = { relay: '12D3KooWRelay', day: '2026-11-21', bytes: 2_340_000, circuits: 7 }
    expect(events()).toEqual([{ event: 'relay-usage', ...day }])
    const { out } = await human(['relay', 'usage', '12D3KooWRelay'])
    expect(out()).toBe('2026-11-21        2.3 MB       7 circuits  12D3KooWRelay\n')
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
      unfinished: false,
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
    const delivery = { ...deliveryState(), waiting: null, readAt: null }
    expect(events()).toEqual([
      { event: 'sent', message: messageId('sent'), chat: `c${BEN.slice(1)}`, delivery },
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
  const reached = (count: number) => deliveryState({ reached: count, state: 'reached' })

  test('CLI-17 --wait reached ends with the first device', async () => {
    const { json } = await createWorld((own) => {
      own.deliveries = [reached(0), reached(1), reached(2)]
    })
    const { code, events } = await json(['send', 'Ben', 'hi', '--wait', 'reached'])
    expect(code).toBe(0)
    const message = messageId('sent')
    expect(events().slice(1)).toEqual([
      { event: 'delivery', message, ...reached(0), waiting: null, readAt: null },
      { event: 'delivery', message, ...reached(1), waiting: null, readAt: null },
    ])
  })

  test('CLI-17 --wait all ends when every device has it', async () => {
    const { json } = await createWorld((own) => {
      own.deliveries = [deliveryState({ of: 0 }), reached(1), reached(2)]
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

describe('CLI-77 what a message waits for', () => {
  const until = Date.UTC(2027, 0, 21, 9)
  const away = {
    waiting: { reason: 'away', text: "Ben's devices are all away", until },
  } as const

  test('CLI-77 DEL-42 the JSON says how far it is, why it waits and until when', async () => {
    const { json } = await createWorld((own) => {
      own.deliveries = [deliveryState({ state: 'sibling', ...away })]
    })
    const { events } = await json(['send', 'Ben', 'hi'])
    const waiting = { ...away.waiting, until: '2027-01-21T09:00:00.000Z' }
    expect(events()).toMatchObject([
      { event: 'sent', delivery: { reached: 0, state: 'sibling', waiting, readAt: null } },
    ])
    const listed = await json(['messages', 'Ben', '--limit', '1'])
    expect(listed.events()).toMatchObject([{ delivery: { state: 'sibling', waiting } }])
  })

  test('CLI-77 DEL-42 a person is told why, and that a sibling has it', async () => {
    const { human } = await createWorld((own) => {
      own.deliveries = [deliveryState({ state: 'sibling', ...away })]
    })
    const { err } = await human(['send', 'Ben', 'hi'])
    expect(err()).toMatch(
      /^Ben's devices are all away\. It is tried until 2027-01-21 \d\d:\d\d\.$/m,
    )
    expect(err()).toContain('It is on another of your devices, too.')
  })

  test('CLI-77 who waited in vain is told what for', async () => {
    const { json } = await createWorld((own) => {
      own.deliveries = [deliveryState(away)]
    })
    const { code, events } = await json(['send', 'Ben', 'x', '--wait', 'all', '--timeout', '20'])
    expect(code).toBe(4)
    const message = expect.stringContaining("in 20 ms: Ben's devices are all away.")
    expect(events().at(-1)).toMatchObject({ code: 'ERR_TIMEOUT', message })
  })

  test('CLI-77 the state of each message stands in its line', async () => {
    const { human, device: own } = await createWorld((fake) => {
      const states = [
        deliveryState(),
        deliveryState({ state: 'sibling' }),
        deliveryState({ state: 'reached', reached: 1 }),
        deliveryState({ state: 'reached', reached: 2 }),
        deliveryState({ state: 'read', reached: 2, read: true, readAt: until }),
        deliveryState({ state: 'ended' }),
      ]
      const from = { account: ACCOUNT, name: 'Ada', self: true }
      fake.messages = states.map((delivery, at) =>
        message({ message: messageId(`no${at}`), from, text: `no ${at}`, delivery }),
      )
    })
    own.messages.push(message({ message: messageId('new'), text: 'new', unread: true }))
    const { out } = await human(['messages', 'Ben'])
    const ends = out()
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^.*?: /, ''))
    expect(ends).toEqual([
      'no 0  ◔',
      'no 1  ◑',
      'no 2  ✓',
      'no 3  ✓✓',
      'no 4  ✓✓ read',
      'no 5  ✗',
      'new  •',
    ])
  })

  test('CLI-103 the status says by which way each device of a contact is reached', async () => {
    const seen = Date.parse('2026-11-21T09:00:00Z')
    const { json, human } = await createWorld((own) => {
      own.relays = [
        {
          address: `/ip4/192.0.2.9/udp/4001/webrtc-direct/certhash/uEiA/p2p/12D3KooW${'R'.repeat(44)}`,
          state: 'ready',
        },
      ]
      own.ways = [
        {
          contact: BEN,
          name: 'Ben',
          devices: [
            { device: PHONE, path: 'away', reason: 'It does not answer', lastSeen: seen },
            { device: LAPTOP, path: 'relayed', over: 'splice', reason: 'Through the relay at r' },
          ],
        },
      ]
    })
    const { events } = await json(['status'])
    expect(events()).toMatchObject([
      {
        contacts: [
          {
            contact: BEN,
            name: 'Ben',
            devices: [
              {
                device: PHONE,
                path: 'away',
                over: null,
                reason: 'It does not answer',
                lastSeen: '2026-11-21T09:00:00.000Z',
              },
              { device: LAPTOP, path: 'relayed', over: 'splice', lastSeen: null },
            ],
          },
        ],
      },
    ])
    const text = (await human(['status'])).out()
    expect(text).toMatch(/CONTACT +PATH +LAST SEEN\n +Ben +via relay, spliced +now\n +Ben +—/)
    expect((await human(['status'])).out()).toContain(
      '  relay ready  /ip4/192.0.2.9/udp/4001/webrtc-direct/p2p/12D3…RRRR\n',
    )
    expect(text).toContain('  from outside: yes. Through the relay at 192.0.2.1')
  })

  test('CLI-77 the status says for whom something waits, how much and why', async () => {
    const { json, human } = await createWorld((own) => {
      own.waiting = [{ contact: BEN, name: 'Ben', messages: 3, ...away.waiting }]
    })
    const { events } = await json(['status'])
    const waiting = { ...away.waiting, until: '2027-01-21T09:00:00.000Z' }
    expect(events()).toMatchObject([
      { waiting: [{ contact: BEN, name: 'Ben', messages: 3, ...waiting }] },
    ])
    expect((await human(['status'])).out()).toContain(
      "! 3 messages for Ben: Ben's devices are all away",
    )
  })
})

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
