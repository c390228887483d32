import { describe, expect, test } from 'vitest'
import { ACCOUNT, BEN, deliveryState, message, messageId } from '../test/fake-device.ts'
import { createWorld } from '../test/world.ts'

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
