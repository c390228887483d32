import { describe, expect, test } from 'vitest'
import { BEN, messageId, NOW } from '../test/fake-device.ts'
import { createWorld } from '../test/world.ts'

describe('CLI-95 kith chats', () => {
  test('CLI-95 each command is one event that says how the chat stands', async () => {
    const { json } = await createWorld()
    const always = { mutedUntil: 'always' }
    const tomorrow = { mutedUntil: new Date(NOW + 86_400_000).toISOString() }
    for (const [command, state] of [
      ['archive Ben', { archived: true }],
      ['unarchive Ben', { archived: false }],
      ['favourite Ben', { favourite: true }],
      ['unfavourite Ben', { favourite: false }],
      ['pin Ben', { pinnedAt: '1970-01-01T00:00:00.000Z' }],
      ['unpin Ben', { pinnedAt: null }],
      ['mute Ben', always],
      ['mute Ben --for 24h', tomorrow],
      ['unmute Ben', { mutedUntil: null }],
    ] as const) {
      const { code, events } = await json(['chats', ...command.split(' ')])
      expect([command, code]).toEqual([command, 0])
      expect(events()).toMatchObject([{ event: 'chat', contact: BEN, name: 'Ben', ...state }])
    }
  })

  test('CLI-95 the list says it in 80 columns', async () => {
    const { human, device } = await createWorld()
    device.preferences.chats.set(BEN, { pinnedAt: 1, favourite: true, mutedUntil: 'always' })
    device.preferences.labelled.set('l1', new Set([BEN]))
    const { out, code } = await human(['chats'])
    expect(code).toBe(0)
    expect(out()).toMatch(/^NAME +STATE +LABELS\nBen +pinned, favourite, muted +Shop *\nCara/)
    for (const line of out().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test.each(['8', '8 hours', '0h', '-1h', '1.5h', 'h'])(
    'CLI-95 "%s" is no time to mute for: exit 2',
    async (given) => {
      const { json } = await createWorld()
      const { code, events } = await json(['chats', 'mute', 'Ben', `--for=${given}`])
      expect(code).toBe(2)
      expect(events()).toMatchObject([{ event: 'error', code: 'ERR_USAGE' }])
    },
  )

  test('CLI-5 a chat of nobody is exit 1', async () => {
    const { json } = await createWorld()
    expect((await json(['chats', 'pin', 'Nobody'])).code).toBe(1)
  })
})

describe('CLI-96 kith labels', () => {
  test('CLI-96 a label is made, renamed, put on a chat and a message, shown and removed', async () => {
    const { json } = await createWorld()
    const run = async (...argv: readonly string[]): Promise<readonly unknown[]> => {
      const { code, events } = await json(['labels', ...argv])
      expect([argv, code]).toEqual([argv, 0])
      return events()
    }
    const work = { event: 'label', label: 'l2', name: 'Work', contacts: 0, messages: 0 }
    expect(await run('add', 'Work')).toEqual([work])
    expect(await run('rename', 'Work', 'Office')).toMatchObject([{ name: 'Office' }])
    expect(await run('put', 'Office', 'Ben')).toMatchObject([{ contacts: 1 }])
    expect(await run('put', 'office', messageId('first'))).toMatchObject([{ messages: 1 }])
    expect(await run('show', 'Office')).toEqual([
      { event: 'labelled', label: 'l2', name: 'Office', contact: BEN, message: null },
      {
        event: 'labelled',
        label: 'l2',
        name: 'Office',
        contact: null,
        message: messageId('first'),
      },
    ])
    expect(await run('take', 'Office', 'Ben')).toMatchObject([{ contacts: 0, messages: 1 }])
    expect(await run()).toMatchObject([{ name: 'Shop' }, { name: 'Office' }])
    expect(await run('remove', 'Office')).toMatchObject([{ name: 'Office' }])
    expect(await run('list')).toMatchObject([{ name: 'Shop' }])
  })

  test('CLI-96 what is not there is exit 1, with what is meant', async () => {
    const { json } = await createWorld()
    const { code, events } = await json(['labels', 'put', 'Shp', 'Ben'])
    expect(code).toBe(1)
    expect(events()).toMatchObject([{ code: 'ERR_NOT_FOUND', hint: 'Did you mean "Shop"?' }])
    const nowhere = await json(['labels', 'put', 'Shop', 'nowhere'])
    expect(nowhere.events()).toMatchObject([{ code: 'ERR_NOT_FOUND' }])
  })

  test('CLI-7 a name from another device does nothing to the terminal', async () => {
    const { human, device } = await createWorld()
    device.preferences.labels.push({ label: 'l9', name: '\u001b[31mred\u202e', addedAt: 2 })
    const { out } = await human(['labels'])
    expect(out()).toContain('red')
    expect(out()).not.toContain('\u001b[31m')
    expect(out()).not.toContain('\u202e')
  })
})

describe('CLI-97 kith settings', () => {
  test('CLI-97 get prints the value alone; set and reset say what it is now', async () => {
    const { human, json } = await createWorld()
    expect((await human(['settings', 'get', 'quiet-hours.monday'])).out()).toBe('22:00-07:00\n')
    const set = await json(['settings', 'set', 'quiet-hours.on', 'on'])
    expect(set.events()).toMatchObject([
      { event: 'setting', key: 'quiet-hours.on', value: true, kind: 'flag', isSet: true },
    ])
    expect((await human(['settings', 'get', 'quiet-hours.on'])).out()).toBe('on\n')
    const reset = await json(['settings', 'reset', 'quiet-hours.on'])
    expect(reset.events()).toMatchObject([{ isSet: false }])
  })

  test('CLI-97 the list says what each may be, in 80 columns', async () => {
    const { human } = await createWorld()
    const { out } = await human(['settings'])
    expect(out()).toContain('a span as 22:00-07:00, or never')
    for (const line of out().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('CLI-97 a setting that is not there, or a value it may not have: exit 2, and what it may be', async () => {
    const { json } = await createWorld()
    const unknown = await json(['settings', 'get', 'quiet-hours.mondy'])
    expect(unknown.code).toBe(2)
    expect(unknown.events()).toMatchObject([
      { code: 'ERR_SETTING', hint: 'Did you mean "quiet-hours.monday"?' },
    ])
    const wrong = await json(['settings', 'set', 'quiet-hours.monday', 'nonsense'])
    expect(wrong.code).toBe(2)
    expect(wrong.events()).toMatchObject([
      { code: 'ERR_SETTING', hint: expect.stringMatching(/^It is a span/) },
    ])
  })

  test('CLI-97 quiet says whether it is quiet now', async () => {
    const { human, json } = await createWorld()
    const { out } = await human(['settings', 'quiet'])
    expect(out()).toBe('It is not quiet now (by the clock of Europe/Berlin).\n')
    expect((await json(['settings', 'quiet'])).events()).toEqual([
      { event: 'quiet', on: true, favourites: true, timeZone: 'Europe/Berlin', until: null },
    ])
  })
})
