import { describe, expect, test } from 'vitest'
import { ACCOUNT, BEN, CARA, deliveryState, LAPTOP, messageId, PHONE } from '../test/fake-device.ts'
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
