import { type AccountId, directChatId, isKithError, messageIdFromBytes } from '@kithmesh/protocol'
import { createAccountData, createEvents } from '@kithmesh/sync'
import { describe, expect, test } from 'vitest'
import { accountNamed } from '../../test/people.ts'
import type { Contact } from '../api/contacts.ts'
import type { NodeEvents } from '../api/events.ts'
import { createSuccession } from '../contacts/succession.ts'
import { nodePlatform } from '../platform.node.ts'
import { type ChatList, createChatList } from './chat-list.ts'
import { createLabels, type Labels } from './labels.ts'
import { createSettings, type Settings } from './settings.ts'

const [ADA, BEN, CARA] = [accountNamed('a'), accountNamed('b'), accountNamed('c')]
const NEW_BEN = accountNamed('d')
const MESSAGE = messageIdFromBytes(new Uint8Array(16).fill(7))
/** Monday, noon in Berlin. */
const NOON = Date.parse('2026-11-23T11:00Z')
const HOUR = 3_600_000

interface Ground {
  readonly data: ReturnType<typeof createAccountData>
  readonly chats: ChatList
  readonly labels: Labels
  readonly settings: Settings
  readonly heard: (readonly [string, unknown])[]
  now: number
}

/** The rooms over account data alone: people by name, a clock and a place a test chooses. */
function ground(zoneHere = 'Europe/Berlin'): Ground {
  const data = createAccountData({ clientId: 1 })
  const events = createEvents<NodeEvents>()
  const { signal } = new AbortController()
  const made: Ground = { data, heard: [], now: NOON, ...rooms() }
  for (const name of ['chat:changed', 'label:changed', 'setting:changed'] as const) {
    events.addEventListener(name, ({ detail }) => made.heard.push([name, detail]))
  }
  for (const [at, [contact, name]] of (
    [
      [CARA, 'Cara'],
      [BEN, 'Ben'],
    ] as const
  ).entries()) {
    data.contacts.set(contact, { name, addedAt: at })
  }
  return made

  function rooms(): Pick<Ground, 'chats' | 'labels' | 'settings'> {
    const clock = { now: () => made.now, monotonic: () => 0 }
    const context = { clock, rng: nodePlatform.rng, signal }
    const state = { data, edit: async (change: () => void) => data.batch(change) }
    const contacts = book(data, signal)
    const settings = createSettings(context, { state, events, zoneHere: () => zoneHere })
    const has = async (message: string): Promise<boolean> => message === MESSAGE
    const shared = { account: ADA, state, contacts, events }
    return {
      settings,
      labels: createLabels(context, { ...shared, chats: { has } }),
      chats: createChatList(context, { ...shared, settings }),
    }
  }
}

type Book = Parameters<typeof createChatList>[1]['contacts']

function book({ contacts, events }: Ground['data'], signal: AbortSignal): Book {
  const succession = createSuccession({ contacts, events }, { signal })
  const require = (contact: AccountId): Contact => {
    const entry = contacts.get(contact)
    if (!entry) throw Object.assign(new Error('nobody'), { code: 'ERR_NOT_FOUND' })
    return { contact, name: entry.name, verified: false, devices: 1 }
  }
  const all = (): readonly AccountId[] => contacts.list().map(({ contact }) => contact)
  return {
    succession,
    require,
    isContact: (contact) => contacts.get(contact) !== undefined,
    ofChat: (chat) => all().find((contact) => directChatId(ADA, contact) === chat),
    list: async () =>
      all()
        .filter((contact) => succession.replacedBy(contact) === undefined)
        .map(require),
  }
}

const from = (account: AccountId): Parameters<ChatList['shouldNotify']>[0] => ({
  message: MESSAGE,
  from: { account, self: false },
})

describe('ACC-26 chats as a person arranged them', () => {
  test('ACC-26 pinned first, the one pinned last on top, archived last, else by name', async () => {
    const { chats, ...place } = ground()
    const names = async (): Promise<readonly string[]> =>
      (await chats.list()).map(({ name }) => name)
    expect(await names()).toEqual(['Ben', 'Cara'])
    await chats.edit(CARA, { pinned: true })
    expect(await names()).toEqual(['Cara', 'Ben'])
    await chats.edit(CARA, { archived: true })
    expect(await names()).toEqual(['Ben', 'Cara'])
    expect(place.heard.map(([name]) => name)).toEqual(['chat:changed', 'chat:changed'])
    expect(await chats.get(CARA)).toEqual({
      contact: CARA,
      name: 'Cara',
      archived: true,
      favourite: false,
      pinnedAt: NOON,
      labels: [],
    })
  })

  test('ACC-26 muted for a time is heard of again when it is over; pinned anew keeps its place', async () => {
    const place = ground()
    await place.chats.edit(BEN, { mutedUntil: NOON + HOUR, pinned: true })
    expect((await place.chats.get(BEN)).mutedUntil).toBe(NOON + HOUR)
    place.now += HOUR
    await place.chats.edit(BEN, { pinned: true })
    const { mutedUntil, pinnedAt } = await place.chats.get(BEN)
    expect([mutedUntil, pinnedAt]).toEqual([undefined, NOON])
    await place.chats.edit(BEN, { mutedUntil: 'always' })
    expect((await place.chats.get(BEN)).mutedUntil).toBe('always')
    await place.chats.edit(BEN, { mutedUntil: undefined })
    expect((await place.chats.get(BEN)).mutedUntil).toBeUndefined()
  })

  test('ACC-26 an account made anew keeps what was set for the person', async () => {
    const { chats, labels, data } = ground()
    await chats.edit(BEN, { favourite: true })
    const { label } = await labels.create('Work')
    await labels.put(label, { contact: BEN })
    data.contacts.set(NEW_BEN, { name: 'Ben', addedAt: 9, replaces: BEN })
    expect(await chats.get(NEW_BEN)).toMatchObject({ favourite: true, labels: [{ name: 'Work' }] })
    await chats.edit(NEW_BEN, { favourite: false })
    expect((await chats.get(BEN)).favourite).toBe(false)
    expect((await labels.items(label)).contacts).toEqual([NEW_BEN])
  })

  test('nothing is set for somebody who is no contact', async () => {
    const { chats } = ground()
    await expect(chats.edit(NEW_BEN, { pinned: true })).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    })
  })
})

describe('ACC-27 whether a person is told', () => {
  test('ACC-27 of what others wrote, while nothing keeps it silent', async () => {
    const place = ground()
    const answer = (): ReturnType<ChatList['shouldNotify']> => place.chats.shouldNotify(from(BEN))
    expect(await answer()).toEqual({ notify: true })
    const own = { message: MESSAGE, from: { account: ADA, self: true } }
    expect(await place.chats.shouldNotify(own)).toEqual({ notify: false, reason: 'own' })
    const read = { ...from(BEN), unread: false }
    expect(await place.chats.shouldNotify(read)).toEqual({ notify: false, reason: 'read' })
    await place.settings.set('notifications.on', 'off')
    expect(await answer()).toEqual({ notify: false, reason: 'off' })
    await place.settings.reset('notifications.on')
    await place.chats.edit(BEN, { archived: true })
    expect(await answer()).toEqual({ notify: false, reason: 'archived' })
    await place.chats.edit(BEN, { archived: false, mutedUntil: 'always' })
    expect(await answer()).toEqual({ notify: false, reason: 'muted' })
    await place.chats.edit(BEN, { mutedUntil: NOON + HOUR })
    expect(await answer()).toEqual({ notify: false, reason: 'muted', until: NOON + HOUR })
    expect(await place.chats.shouldNotify(from(CARA))).toEqual({ notify: true })
    place.now += HOUR
    expect(await answer()).toEqual({ notify: true })
  })

  // Feature 48: hours of work, favourites only.
  test.each<[string, string, string, boolean]>([
    ['before they begin', '2026-11-23T07:59Z', 'BEN', true],
    ['in them', '2026-11-23T08:00Z', 'BEN', false],
    ['in them, a favourite', '2026-11-23T08:00Z', 'CARA', true],
    ['after them', '2026-11-23T17:00Z', 'BEN', true],
    ['in the night over midnight', '2026-11-24T22:30Z', 'BEN', false],
    ['the morning of summer time', '2027-03-28T04:59Z', 'BEN', false],
    ['an hour earlier than by winter time', '2027-03-28T05:00Z', 'BEN', true],
  ])('ACC-27 quiet hours, %s', async (_, at, who, isTold) => {
    const place = ground()
    const { settings, chats } = place
    await settings.set('quiet-hours.on', true)
    await settings.set('quiet-hours.monday', '09:00-18:00')
    await chats.edit(CARA, { favourite: true })
    place.now = Date.parse(at)
    const answer = await chats.shouldNotify(from(who === 'BEN' ? BEN : CARA))
    expect(answer.notify).toBe(isTold)
    if (!isTold) expect(answer).toMatchObject({ reason: 'quiet-hours', until: expect.any(Number) })
  })

  test('ACC-27 favourites are silent, too, where the person wants nobody', async () => {
    const { chats, settings } = ground()
    await settings.set('quiet-hours.on', true)
    await settings.set('quiet-hours.monday', '00:00-00:00')
    await chats.edit(BEN, { favourite: true })
    expect(await chats.shouldNotify(from(BEN))).toEqual({ notify: true })
    await settings.set('quiet-hours.favourites', false)
    expect(await chats.shouldNotify(from(BEN))).toMatchObject({ notify: false })
  })

  test('ACC-22 the zone of the setting counts, else that of the device', async () => {
    const { settings } = ground('America/New_York')
    await settings.set('quiet-hours.on', true)
    await settings.set('quiet-hours.monday', '09:00-18:00')
    // Six in the morning in New York: the night before is not over.
    const seven = Date.parse('2026-11-23T12:00Z')
    expect(await settings.quiet()).toMatchObject({ timeZone: 'America/New_York', until: seven })
    await settings.set('quiet-hours.time-zone', 'Europe/Berlin')
    const six = Date.parse('2026-11-23T17:00Z')
    expect(settings.quietNow()).toMatchObject({ timeZone: 'Europe/Berlin', until: six })
  })
})

describe('ACC-17 ACC-21 labels and settings', () => {
  test('ACC-17 a name makes one label; what this device does not hold gets none', async () => {
    const { labels } = ground()
    const work = await labels.create('Work')
    expect(await labels.create('Work')).toEqual(work)
    await labels.put(work.label, { message: MESSAGE })
    expect(await labels.on({ message: MESSAGE })).toEqual([work])
    expect(await labels.items(work.label)).toEqual({ contacts: [], messages: [MESSAGE] })
    await labels.take(work.label, { message: MESSAGE })
    expect(await labels.on({ message: MESSAGE })).toEqual([])
    const other = messageIdFromBytes(new Uint8Array(16))
    for (const failing of [
      labels.put(work.label, { message: other }),
      labels.put(work.label, { contact: NEW_BEN }),
      labels.put('nothing', { contact: BEN }),
      labels.rename('nothing', 'x'),
      labels.items('nothing'),
    ]) {
      await expect(failing).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
    await expect(labels.create('a\u202eb')).rejects.toMatchObject({ code: 'ERR_NAME' })
    await labels.remove(work.label)
    expect(await labels.list()).toEqual([])
  })

  test('ACC-21 a setting is told with its value, from here and from a sibling', async () => {
    const { settings, data, heard } = ground()
    await settings.set('receipts.read', 'off')
    expect(await settings.get('receipts.read')).toBe(false)
    data.settings.set('appearance.theme', 'dark')
    data.settings.set('of.a.later.version', 1)
    expect(heard).toMatchObject([
      ['setting:changed', { key: 'receipts.read', value: false, isSet: true }],
      ['setting:changed', { key: 'appearance.theme', value: 'dark', kind: 'choice' }],
    ])
    const keys = (await settings.list()).map(({ key }) => key)
    expect(keys).toEqual(keys.toSorted())
    await expect(settings.set('receipts.read', 'perhaps')).rejects.toSatisfy((error) =>
      isKithError(error, 'ERR_SETTING'),
    )
    const foreign = 'constructor' as 'receipts.read'
    await expect(settings.get(foreign)).rejects.toMatchObject({ code: 'ERR_SETTING' })
  })
})
