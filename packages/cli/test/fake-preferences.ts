import type { Chat, Contact, KithNode, Label, Message, Setting } from '@kithmesh/node'

/** Chats, labels and settings in memory. */
export interface FakePreferences {
  readonly chats: Map<string, Partial<Chat>>
  labels: Label[]
  /** Which label stands on what. */
  readonly labelled: Map<string, Set<string>>
  settings: Setting[]
}

type Failure = (code: string, message: string, hint?: string) => Error

/** None yet. */
export function newFakePreferences(): FakePreferences {
  return {
    chats: new Map(),
    labels: [{ label: 'l1', name: 'Shop', addedAt: 1 }],
    labelled: new Map(),
    settings: [
      { key: 'quiet-hours.on', value: false, kind: 'flag', expects: 'on or off', isSet: false },
      {
        key: 'quiet-hours.monday',
        value: '22:00-07:00',
        kind: 'text',
        expects: 'a span as 22:00-07:00, or never',
        isSet: false,
      },
      {
        key: 'appearance.theme',
        value: 'system',
        kind: 'choice',
        choices: ['system', 'light', 'dark'],
        expects: 'system, light, dark',
        isSet: true,
      },
    ],
  }
}

/** The parts of a node that hold them. */
export function fakePreferences(
  fake: { readonly preferences: FakePreferences; readonly contacts: readonly Contact[] },
  kithError: Failure,
): Pick<KithNode, 'chats' | 'labels' | 'settings'> {
  return {
    chats: fakeChats(fake),
    labels: fakeLabels(fake.preferences, kithError),
    settings: fakeSettings(fake.preferences, kithError),
  }
}

function fakeChats(fake: {
  readonly preferences: FakePreferences
  readonly contacts: readonly Contact[]
}): KithNode['chats'] {
  const { chats, labels, labelled } = fake.preferences
  const view = (contact: Contact['contact']): Chat => ({
    contact,
    name: fake.contacts.find((one) => one.contact === contact)?.name ?? '',
    archived: false,
    favourite: false,
    labels: labels.filter(({ label }) => labelled.get(label)?.has(contact)),
    ...chats.get(contact),
  })
  return {
    list: async () => fake.contacts.map(({ contact }) => view(contact)),
    get: async (contact) => view(contact),
    edit: async (contact, { pinned, mutedUntil, ...change }) => {
      const pin = pinned === true ? { pinnedAt: 0 } : {}
      const mute = mutedUntil === undefined ? {} : { mutedUntil }
      chats.set(contact, { ...change, ...pin, ...mute })
      return view(contact)
    },
    shouldNotify: async () => ({ notify: true }),
  }
}

function fakeLabels(fake: FakePreferences, kithError: Failure): KithNode['labels'] {
  const idOf = (place: { contact: string } | { message: string }): string =>
    'contact' in place ? place.contact : place.message
  const get = (label: string): Label => {
    const found = fake.labels.find((one) => one.label === label)
    if (found === undefined) throw kithError('ERR_NOT_FOUND', 'no such label')
    return found
  }
  const on = (label: string): Set<string> => {
    const known = fake.labelled.get(label) ?? new Set<string>()
    fake.labelled.set(label, known)
    return known
  }
  return {
    list: async () => fake.labels,
    create: async (name) => {
      const made = { label: `l${fake.labels.length + 1}`, name, addedAt: 1 }
      fake.labels.push(made)
      return made
    },
    rename: async (label, name) => {
      fake.labels = fake.labels.map((one) => (one.label === label ? { ...one, name } : one))
      return get(label)
    },
    remove: async (label) => {
      fake.labels = fake.labels.filter((one) => one.label !== label)
    },
    put: async (label, place) => {
      on(label).add(idOf(place))
    },
    take: async (label, place) => {
      on(label).delete(idOf(place))
    },
    on: async () => [],
    items: async (label) => {
      const ids = [...on(label)]
      return {
        contacts: ids.filter((id): id is Contact['contact'] => id.startsWith('a')),
        messages: ids.filter((id): id is Message['message'] => id.startsWith('m')),
      }
    },
  }
}

function fakeSettings(fake: FakePreferences, kithError: Failure): KithNode['settings'] {
  const find = (key: string): Setting => {
    const found = fake.settings.find((one) => one.key === key)
    if (found === undefined) throw kithError('ERR_SETTING', 'there is no such setting')
    return found
  }
  const change = (key: string, by: Partial<Setting>): Setting => {
    const changed = { ...find(key), ...by }
    fake.settings = fake.settings.map((one) => (one.key === key ? changed : one))
    return changed
  }
  return {
    list: async () => fake.settings,
    // The compiler cannot know that the setting found is the one asked for.
    get: async (key) => find(key).value as never,
    set: async (key, value) => {
      if (value === 'nonsense') {
        throw kithError('ERR_SETTING', `${key} cannot be that`, `It is ${find(key).expects}.`)
      }
      const read = value === 'on' ? true : value === 'off' ? false : value
      return change(key, { value: read as never, isSet: true }) as never
    },
    reset: async (key) => change(key, { isSet: false }) as never,
    quiet: async () => ({ on: true, favourites: true, timeZone: 'Europe/Berlin' }),
  }
}
