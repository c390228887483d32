import type {
  Chat,
  ChatChange,
  Contact,
  KithNode,
  Label,
  LabelPlace,
  NodeEvents,
  NotifyAnswer,
  QuietState,
  Setting,
  SettingKey,
} from '@kithmesh/node'

/** What the person arranged and set, in memory. */
export interface FakePreferences {
  chats: ReadonlyMap<string, Partial<Chat>>
  labels: readonly Label[]
  /** Which labels stand on a contact's chat, or on a message. */
  labelled: ReadonlyMap<string, readonly string[]>
  settings: readonly Setting[]
  quiet: QuietState
  notify: NotifyAnswer
}

type Failure = (code: string, message: string) => Error
type Emit = <K extends keyof NodeEvents>(type: K, detail: NodeEvents[K]) => void

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const flagOf = (key: SettingKey, value: boolean): Setting => ({
  key,
  value,
  kind: 'flag',
  expects: 'on or off',
  isSet: false,
})

/** A person who has set nothing. */
export function newFakePreferences(): FakePreferences {
  return {
    chats: new Map(),
    labels: [],
    labelled: new Map(),
    settings: [
      flagOf('notifications.on', true),
      flagOf('quiet-hours.on', false),
      flagOf('quiet-hours.favourites', true),
      flagOf('receipts.read', true),
      textOf('quiet-hours.time-zone', 'device'),
      ...DAYS.map((day) => textOf(`quiet-hours.${day}`, '22:00-07:00')),
      {
        key: 'appearance.theme',
        value: 'system',
        kind: 'choice',
        choices: ['system', 'light', 'dark'],
        expects: 'system, light, dark',
        isSet: false,
      },
    ],
    quiet: { on: false, favourites: true, timeZone: 'Europe/Berlin' },
    notify: { notify: true },
  }
}

function textOf(key: SettingKey, value: string): Setting {
  return { key, value, kind: 'text', expects: 'a span as 22:00-07:00, or never', isSet: false }
}

/** Chats, labels and settings of a fake. */
export function preferencesOf(
  world: { readonly preferences: FakePreferences; readonly contacts: readonly Contact[] },
  { emit, kithError }: { readonly emit: Emit; readonly kithError: Failure },
): Pick<KithNode, 'chats' | 'labels' | 'settings'> {
  const own = world.preferences
  const view = (contact: Contact['contact']): Chat => ({
    contact,
    name: world.contacts.find((one) => one.contact === contact)?.name ?? '',
    archived: false,
    favourite: false,
    labels: own.labels.filter(({ label }) => own.labelled.get(contact)?.includes(label)),
    ...own.chats.get(contact),
  })
  return {
    chats: {
      list: async () => world.contacts.map(({ contact }) => view(contact)),
      get: async (contact) => view(contact),
      edit: async (contact, change) => {
        own.chats = new Map([...own.chats, [contact, changed(own.chats.get(contact), change)]])
        emit('chat:changed', view(contact))
        return view(contact)
      },
      shouldNotify: async () => own.notify,
    },
    labels: labelsOf(own, { emit, kithError, view }),
    settings: settingsOf(own, { emit, kithError }),
  }
}

function changed(before: Partial<Chat> = {}, change: ChatChange): Partial<Chat> {
  const { pinnedAt, mutedUntil, ...kept } = before
  const { pinned = pinnedAt !== undefined, archived, favourite } = change
  const until = 'mutedUntil' in change ? change.mutedUntil : mutedUntil
  return {
    ...kept,
    ...(archived === undefined ? {} : { archived }),
    ...(favourite === undefined ? {} : { favourite }),
    ...(pinned ? { pinnedAt: pinnedAt ?? 1 } : {}),
    ...(until === undefined ? {} : { mutedUntil: until }),
  }
}

function labelsOf(
  own: FakePreferences,
  parts: {
    readonly emit: Emit
    readonly kithError: Failure
    readonly view: (contact: Contact['contact']) => Chat
  },
): KithNode['labels'] {
  const { emit, kithError, view } = parts
  const set = (
    place: LabelPlace,
    change: (labels: readonly string[]) => readonly string[],
  ): void => {
    const id = 'contact' in place ? place.contact : place.message
    own.labelled = new Map([...own.labelled, [id, change(own.labelled.get(id) ?? [])]])
    if ('contact' in place) emit('chat:changed', view(place.contact))
  }
  const find = (label: string): Label => {
    const found = own.labels.find((one) => one.label === label)
    if (found === undefined) throw kithError('ERR_NOT_FOUND', 'no such label')
    return found
  }
  return {
    list: async () => own.labels,
    create: async (name) => {
      const made = { label: `l${own.labels.length + 1}`, name, addedAt: 1 }
      own.labels = [...own.labels, made]
      emit('label:changed', made)
      return made
    },
    rename: async (label, name) => {
      own.labels = own.labels.map((one) => (one.label === label ? { ...one, name } : one))
      emit('label:changed', find(label))
      return find(label)
    },
    remove: async (label) => {
      own.labels = own.labels.filter((one) => one.label !== label)
      emit('label:removed', { label })
    },
    put: async (label, on) => set(on, (labels) => [...labels, find(label).label]),
    take: async (label, from) => set(from, (labels) => labels.filter((one) => one !== label)),
    on: async () => [],
    items: async () => ({ contacts: [], messages: [] }),
  }
}

function settingsOf(
  own: FakePreferences,
  { emit, kithError }: { readonly emit: Emit; readonly kithError: Failure },
): KithNode['settings'] {
  const find = (key: string): Setting => {
    const found = own.settings.find((one) => one.key === key)
    if (found === undefined) throw kithError('ERR_SETTING', 'there is no such setting')
    return found
  }
  const change = (key: string, by: Partial<Setting>): Setting => {
    const now = { ...find(key), ...by }
    own.settings = own.settings.map((one) => (one.key === key ? now : one))
    emit('setting:changed', now)
    return now
  }
  return {
    list: async () => own.settings,
    // The compiler cannot know that the setting found is the one asked for.
    get: async (key) => find(key).value as never,
    set: async (key, value) => change(key, { value: value as never, isSet: true }) as never,
    reset: async (key) => change(key, { isSet: false }) as never,
    quiet: async () => own.quiet,
  }
}
