import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AccountId,
  type DeviceId,
  deviceIdFromPublicKey,
  type EntryId,
  parseEntryId,
} from '../ids.ts'
import { type DeviceLogState, reduceWith } from './device-log.ts'
import type { ReadEntry } from './log-check.ts'
import {
  accountIdOfGenesis,
  type EntryBody,
  entryBodyCodec,
  entryIdOfBody,
  type SignedEntry,
} from './log-entry.ts'

/**
 * Random histories of accounts, with partitions, clones and attackers. Entries here are taken as signed by
 * whom they name: signatures are the business of device-log.test.ts, and would take hours here.
 */
const HISTORIES = 120

type Random = (below: number) => number

interface History {
  readonly account: AccountId
  readonly genesis: ReadEntry
  readonly entries: readonly ReadEntry[]
  readonly random: Random
}

type Draft =
  | {
      readonly kind: 'add'
      readonly author: DeviceId
      readonly prev: EntryId
      readonly device: DeviceId
      readonly link?: boolean
    }
  | {
      readonly kind: 'revoke'
      readonly author: DeviceId
      readonly prev: EntryId
      readonly target: EntryId
    }

const deviceOf = (name: string): DeviceId =>
  deviceIdFromPublicKey(Uint8Array.from(createHash('sha256').update(name).digest()))

function entryOf(body: EntryBody): ReadEntry {
  const bytes = entryBodyCodec.encode(body)
  const signed: SignedEntry = { body: bytes, signature: new Uint8Array(64) }
  return { id: entryIdOfBody(bytes), signed, body }
}

let salt = 0

function written(account: AccountId, draft: Draft): ReadEntry {
  salt += 1
  const { author, prev } = draft
  if (draft.kind === 'revoke') {
    return entryOf({ kind: 'revoke', account, author, prev, target: draft.target, at: salt })
  }
  const { device, link = true } = draft
  return entryOf({
    kind: 'add',
    account,
    author,
    prev,
    device,
    rights: { link },
    historyAt: 0,
    at: salt,
  })
}

/** The state of some entries, all of them genuine. */
function reduce(
  { account }: Pick<History, 'account'>,
  entries: readonly ReadEntry[],
): DeviceLogState {
  const genuine = new Map(entries.map((entry) => [entry.id, entry]))
  return reduceWith(
    { account, genuine },
    entries.map(({ signed }) => signed),
  )
}

/** What must be the same for the same entries. */
function gist(state: DeviceLogState): unknown {
  return {
    head: Buffer.from(state.head).toString('hex'),
    devices: [...state.devices.values()],
    forks: state.forks,
    entries: state.entries.map(({ body }) => entryIdOfBody(body)),
  }
}

function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * below)
  }
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random(items.length)]
  if (item === undefined) throw new Error('nothing to pick')
  return item
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const copy = [...items]
  for (let at = copy.length - 1; at > 0; at--) {
    const other = random(at + 1)
    const [a, b] = [copy[at], copy[other]]
    if (a !== undefined && b !== undefined) [copy[at], copy[other]] = [b, a]
  }
  return copy
}

const standing = (state: DeviceLogState) =>
  [...state.devices.values()].filter(({ state: its }) => its !== 'revoked')
const inNow = (state: DeviceLogState) =>
  [...state.devices.values()].filter(({ state: its }) => its === 'in')

/** Whether a device descends from another, by the adds that made it. */
function descends(state: DeviceLogState, device: DeviceId, from: DeviceId): boolean {
  for (let at = state.devices.get(device); at !== undefined; ) {
    const body = state.genuine.get(at.addedBy)?.body
    if (body?.kind !== 'add') return false
    if (body.author === from) return true
    at = state.devices.get(body.author)
  }
  return false
}

/** Devices that know of each other's entries only by gossip with losses, add, revoke, and are cloned. */
function historyOf(seed: number): History {
  const random = randomOf(Math.imul(seed, 2654435761))
  const first = deviceOf('k0')
  const recoveryKey = new Uint8Array(1216)
  const genesis = entryOf({
    kind: 'genesis',
    root: new Uint8Array(32),
    recoveryKey,
    device: first,
    at: 0,
  })
  const account = accountIdOfGenesis(genesis.signed)
  const entries: ReadEntry[] = [genesis]
  const views = new Map<DeviceId, Set<ReadEntry>>([[first, new Set([genesis])]])
  let names = 0

  for (let step = 8 + random(36); step > 0; step--) {
    const self = pick(random, [...views.keys()])
    const view = views.get(self) ?? new Set([genesis])
    if (random(2) === 0) {
      for (const entry of views.get(pick(random, [...views.keys()])) ?? [])
        if (random(8)) view.add(entry)
    }
    const state = reduce({ account }, [...view])
    const me = state.devices.get(self)
    if (me === undefined || me.state === 'revoked') continue
    const own = [...view].filter(({ body }) => body.kind !== 'genesis' && body.author === self)
    const cloned = random(25) === 0 && own.length > 0
    const prev = cloned ? pick(random, [me.addedBy, ...own.map(({ id }) => id)]) : me.lastEntry
    const below = standing(state).filter(({ device }) => descends(state, device, self))
    const draft = random(3) > 0 || below.length === 0 ? taking() : revoking()
    if (draft === undefined) continue
    const entry = written(account, draft)
    entries.push(entry)
    view.add(entry)
    if (draft.kind === 'add') {
      views.set(draft.device, new Set([...(views.get(draft.device) ?? []), ...view]))
    }

    function taking(): Draft | undefined {
      if (me?.rights.link !== true) return undefined
      const again = random(25) === 0
      const device = again ? pick(random, [...views.keys()]) : deviceOf(`k${++names} of ${seed}`)
      return { kind: 'add', author: self, prev, device, link: random(4) > 0 }
    }

    function revoking(): Draft {
      return { kind: 'revoke', author: self, prev, target: pick(random, below).addedBy }
    }
  }
  return { account, genesis, entries, random }
}

/** What the holder of a key can sign: anything, in any place, also through devices it takes in. */
function attack(history: History, state: DeviceLogState, key: DeviceId): readonly ReadEntry[] {
  const { account, entries, random } = history
  const forged: ReadEntry[] = []
  const keys = [key]
  for (let number = 0; number < 10; number++) {
    const author = pick(random, keys)
    const prev = pick(random, [...entries, ...forged]).id
    if (random(3) > 0) {
      const device = random(4) ? deviceOf(`evil ${number}`) : key
      forged.push(written(account, { kind: 'add', author, prev, device }))
      keys.push(device)
    } else {
      const target = pick(random, [...state.devices.values()]).addedBy
      forged.push(written(account, { kind: 'revoke', author, prev, target }))
    }
  }
  return forged
}

/** The first device revokes every place of a key. */
function cut(history: History, key: DeviceId): readonly ReadEntry[] {
  const entries = [...history.entries]
  for (let places = 0; places < 8; places++) {
    const state = reduce(history, entries)
    const first = state.devices.get(state.first)
    const place = state.devices.get(key)
    if (first === undefined || place === undefined || place.state === 'revoked') return entries
    const { account } = history
    const draft = { author: state.first, prev: first.lastEntry, target: place.addedBy }
    entries.push(written(account, { kind: 'revoke', ...draft }))
  }
  return entries
}

function everyHistory(
  check: (history: History, state: DeviceLogState) => boolean | undefined,
): number {
  let checked = 0
  fc.assert(
    fc.property(fc.nat(1 << 30), (seed) => {
      const history = historyOf(seed)
      const outcome = check(history, reduce(history, history.entries))
      if (outcome !== undefined) checked += 1
      return outcome !== false
    }),
    { numRuns: HISTORIES },
  )
  return checked
}

function isSame(a: DeviceLogState, b: DeviceLogState): boolean {
  expect(gist(a)).toEqual(gist(b))
  return true
}

describe('the device log over random histories', () => {
  test('LOG-9 A9 the state is a function of the set: any order, any repetition', () => {
    everyHistory((history, state) => {
      const { entries, random } = history
      const again = entries.filter(() => random(3) === 0)
      return isSame(reduce(history, shuffled(random, [...entries, ...again])), state)
    })
  })

  test('LOG-9 A9 merged one by one in any order, with losses and repetitions', () => {
    everyHistory((history, state) => {
      const { account, entries, genesis, random } = history
      const genuine = new Map(entries.map((entry) => [entry.id, entry]))
      let merged = reduceWith({ account, genuine }, [genesis.signed])
      for (const { signed } of shuffled(random, [...entries, ...entries.slice(0, 5)])) {
        const held = [...merged.entries, ...merged.waiting]
        merged = reduceWith({ account, genuine }, [...held, signed])
      }
      return isSame(merged, state)
    })
  })

  test('LOG-8 at most 8 are in, the first always, and nobody without its parent', () => {
    const busy = everyHistory((_, state) => {
      const devices = inNow(state)
      expect(devices.length).toBeLessThanOrEqual(8)
      expect(state.devices.get(state.first)?.state).toBe('in')
      for (const { addedBy } of devices) {
        const body = state.genuine.get(addedBy)?.body
        if (body?.kind === 'add') expect(state.devices.get(body.author)?.state).toBe('in')
      }
      return devices.length > 4 ? true : undefined
    })
    expect(busy).toBeGreaterThan(HISTORIES / 10)
  })

  test('A1 A8 what a removed key signs, anywhere and of any date, changes nothing', () => {
    const tried = everyHistory((history, state) => {
      const known = new Set(standing(state).map(({ device }) => device))
      const gone = history.entries.flatMap(({ body }) =>
        body.kind === 'add' && !known.has(body.device) ? [body.device] : [],
      )
      if (gone.length === 0) return undefined
      const forged = attack(history, state, pick(history.random, gone))
      return isSame(
        reduce(history, shuffled(history.random, [...history.entries, ...forged])),
        state,
      )
    })
    expect(tried).toBeGreaterThan(HISTORIES / 4)
  })

  test('A9 a device gone bad: the first stays in, and its revoke undoes all the other did', () => {
    const tried = everyHistory((history, state) => {
      const others = inNow(state).filter(({ device }) => device !== state.first)
      if (others.length === 0) return undefined
      const { device } = pick(history.random, others)
      const forged = attack(history, state, device)
      const attacked = reduce(history, [...history.entries, ...forged])
      expect(attacked.devices.get(state.first)?.state).toBe('in')
      const without = cut(history, device)
      const after = reduce(history, [...without, ...forged])
      expect([...after.devices.values()]).toEqual([...reduce(history, without).devices.values()])
      expect(after.head).toEqual(reduce(history, without).head)
      return true
    })
    expect(tried).toBeGreaterThan(HISTORIES / 2)
  })

  test('A8 A9 the parent of a device is revoked; then either signs anything', () => {
    const tried = everyHistory((history, state) => {
      const deep = inNow(state).filter(({ depth }) => depth > 1)
      if (deep.length === 0) return undefined
      const child = pick(history.random, deep)
      const body = state.genuine.get(child.addedBy)?.body
      if (body?.kind !== 'add') return undefined
      const without = cut(history, body.author)
      const before = reduce(history, without)
      if (standing(before).some(({ device }) => device === child.device)) return undefined
      const author = history.random(2) ? child.device : body.author
      const forged = attack({ ...history, entries: without }, state, author)
      return isSame(reduce(history, [...without, ...forged]), before)
    })
    expect(tried).toBeGreaterThan(HISTORIES / 20)
  })

  test('A1 strangers, devices without the link right, and adds in a circle change no device', () => {
    everyHistory((history, state) => {
      const { account, entries, random } = history
      const stranger = deviceOf('stranger')
      const prev = (): EntryId => pick(random, entries).id
      const target = pick(random, [...state.devices.values()]).addedBy
      const injected = [
        written(account, {
          kind: 'add',
          author: stranger,
          prev: prev(),
          device: deviceOf('ghost'),
        }),
        written(account, { kind: 'revoke', author: stranger, prev: prev(), target }),
      ]
      const forked = new Set(state.forks.map(({ device }) => device))
      const alone = standing(state).filter(
        ({ device }) => !forked.has(device) && isOnce(state, device),
      )
      for (const { device, rights, lastEntry, addedBy } of alone) {
        const body = state.genuine.get(addedBy)?.body
        const author = { kind: 'add', author: device, prev: lastEntry } as const
        if (!rights.link) injected.push(written(account, { ...author, device: deviceOf('ghost') }))
        else if (body?.kind === 'add')
          injected.push(written(account, { ...author, device: body.author }))
      }
      const after = reduce(history, [...entries, ...injected])
      const devices = (of: DeviceLogState) =>
        [...of.devices.values()].map(({ lastEntry: _, ...rest }) => rest)
      expect(devices(after)).toEqual(devices(state))
      expect(after.head).toEqual(state.head)
      return true
    })
  })

  test('LOG-6 an add beside another entry of its author does not count', () => {
    const tried = everyHistory((history, state) => {
      const { account, entries, random } = history
      const chained = entries.filter(
        ({ id, body }) => body.kind !== 'genesis' && state.genuine.has(id),
      )
      if (chained.length === 0) return undefined
      const { body } = pick(random, chained)
      if (body.kind === 'genesis') return undefined
      const { author, prev } = body
      const clone = written(account, { kind: 'add', author, prev, device: deviceOf('clone') })
      const after = reduce(history, [...entries, clone])
      expect(after.devices.has(deviceOf('clone'))).toBe(false)
      expect(after.forks.some(({ device }) => device === author)).toBe(true)
      if (state.forks.length === 0) expect(after.head).not.toEqual(state.head)
      return true
    })
    expect(tried).toBeGreaterThan(HISTORIES / 2)
  })

  test('LOG-8 a device that takes in a dozen displaces none of its elders', () => {
    const tried = everyHistory((history, state) => {
      const linkers = inNow(state).filter(
        ({ device, rights }) => rights.link && device !== state.first,
      )
      if (linkers.length === 0) return undefined
      const linker = pick(history.random, linkers)
      const flood: ReadEntry[] = []
      for (let number = 0; number < 12; number++) {
        const prev = flood.at(-1)?.id ?? linker.lastEntry
        const device = deviceOf(`flood ${number}`)
        flood.push(written(history.account, { kind: 'add', author: linker.device, prev, device }))
      }
      const after = reduce(history, [...history.entries, ...flood])
      for (const elder of inNow(state).filter(({ depth }) => depth <= linker.depth)) {
        expect(after.devices.get(elder.device)?.state).toBe('in')
      }
      return true
    })
    expect(tried).toBeGreaterThan(HISTORIES / 4)
  })
})

const isOnce = (state: DeviceLogState, device: DeviceId): boolean =>
  [...state.genuine.values()].filter(({ body }) => body.kind === 'add' && body.device === device)
    .length <= 1

describe('LOG-12 limits', () => {
  const start = historyOf(1)

  /** The first device takes in another, which writes thousands of adds in one chain. */
  function flooded(count: number) {
    const { account, genesis } = start
    const first = deviceOf('k0')
    const device = deviceOf('flooder')
    const add = written(account, { kind: 'add', author: first, prev: genesis.id, device })
    const entries = [genesis, add]
    for (let prev = add.id; entries.length < count; ) {
      const next = written(account, {
        kind: 'add',
        author: device,
        prev,
        device: deviceOf(`${prev}`),
      })
      entries.push(next)
      prev = next.id
    }
    return { account, first, add, entries }
  }

  test('a full log still takes in the revoke that empties it', () => {
    const { account, first, add, entries } = flooded(5000)
    const full = reduce(start, entries)
    expect(full.entries.length).toBeLessThanOrEqual(4096)
    expect(full.refused.filter(({ reason }) => reason === 'ERR_LOG_LIMIT').length).toBeGreaterThan(
      900,
    )
    const revoke = written(account, { kind: 'revoke', author: first, prev: add.id, target: add.id })
    const after = reduce(start, [...entries, revoke])
    expect(after.entries).toHaveLength(3)
    expect(after.devices.get(deviceOf('flooder'))?.state).toBe('revoked')
  })

  test('elders have room before their descendants, however many these write', () => {
    const { account, genesis } = start
    const first = deviceOf('k0')
    const chain = (author: DeviceId, from: EntryId, count: number): readonly ReadEntry[] => {
      const adds: ReadEntry[] = []
      for (let prev = from; adds.length < count; prev = adds.at(-1)?.id ?? prev) {
        const device = deviceOf(`${author} ${adds.length}`)
        adds.push(written(account, { kind: 'add', author, prev, device }))
      }
      return adds
    }
    const ofFirst = chain(first, genesis.id, 12)
    const [flooder] = ofFirst
    const ofFlooder = chain(deviceOf(`${first} 0`), flooder?.id ?? genesis.id, 420)
    const below = ofFlooder.flatMap(({ id, body }) =>
      body.kind === 'add' ? chain(body.device, id, 10) : [],
    )
    const state = reduce(start, [genesis, ...ofFirst, ...ofFlooder, ...below])
    expect(state.entries.length).toBeLessThanOrEqual(4096)
    expect(ofFirst.filter(({ id }) => !state.genuine.has(id))).toEqual([])
  })

  test('what counts has room before what does not', () => {
    const { account, genesis } = start
    const first = deviceOf('k0')
    const forker = written(account, {
      kind: 'add',
      author: first,
      prev: genesis.id,
      device: deviceOf('forker'),
    })
    const honest = written(account, {
      kind: 'add',
      author: first,
      prev: forker.id,
      device: deviceOf('honest'),
    })
    const author = deviceOf('honest')
    const one = written(account, { kind: 'add', author, prev: honest.id, device: deviceOf('one') })
    const two = written(account, { kind: 'add', author, prev: one.id, device: deviceOf('two') })
    const branches = Array.from({ length: 4500 }, (_, at) =>
      written(account, {
        kind: 'add',
        author: deviceOf('forker'),
        prev: forker.id,
        device: deviceOf(`${at}`),
      }),
    )
    const state = reduce(start, [genesis, forker, honest, one, two, ...branches])
    expect(state.devices.get(deviceOf('two'))?.state).toBe('in')
    expect(state.forks).toHaveLength(1)
  })

  test('a chain of adds deeper than 32 ends there', () => {
    const { account, genesis } = start
    const entries = [genesis]
    let [author, prev] = [deviceOf('k0'), genesis.id]
    for (let depth = 1; depth <= 40; depth++) {
      const device = deviceOf(`depth ${depth}`)
      const add = written(account, { kind: 'add', author, prev, device })
      entries.push(add)
      ;[author, prev] = [device, add.id]
    }
    const state = reduce(start, entries)
    expect(state.devices.size).toBe(33)
    expect(state.refused[0]?.reason).toBe('ERR_LOG_LIMIT')
  })

  test('LOG-10 at most 256 entries wait for a predecessor', () => {
    const { account, genesis } = start
    const author = deviceOf('k0')
    const lost = Array.from({ length: 400 }, (_, at) => {
      const prev = parseEntryId(
        `e${createHash('sha256')
          .update(`${at}`)
          .digest('hex')
          .slice(0, 51)
          .replaceAll(/[0189]/g, 'a')}a`,
      )
      return written(account, { kind: 'add', author, prev, device: deviceOf(`lost ${at}`) })
    })
    expect(reduce(start, [genesis, ...lost]).waiting).toHaveLength(256)
  })
})
