import { describe, expect, test } from 'vitest'
import { accountOf, deviceOf, entryOf, rootOf, strayId } from '../../test/log-model/model-entry.ts'
import {
  type Act,
  add,
  gist,
  lookAt,
  merge,
  reduce,
  revoke,
  suspend,
  write,
} from '../../test/log-model/model-log.ts'
import type { DeviceId, EntryId } from '../ids.ts'
import type { ReadEntry } from './log-check.ts'
import { deviceLogCodec } from './log-entry.ts'

const account = accountOf('limits')
const root = rootOf('limits')
const phone = deviceOf('phone')
const genesis = entryOf(
  { kind: 'genesis', root, recoveryKey: new Uint8Array(1216), device: phone, at: 0 },
  root,
)

/** Entries of one author, one after the other. */
function chain(author: DeviceId, from: EntryId, acts: readonly Act[]): readonly ReadEntry[] {
  const entries: ReadEntry[] = []
  for (const act of acts) {
    entries.push(write(account, { author, prev: entries.at(-1)?.id ?? from }, act))
  }
  return entries
}

const adds = (names: readonly string[]): readonly Act[] => names.map((name) => add(deviceOf(name)))
const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${name} ${at}`)
const stateOf = (state: ReturnType<typeof reduce>, name: string): string | undefined =>
  state.devices.get(deviceOf(name))?.state

/** The phone takes in a laptop, a tablet and a thief; the laptop takes in a watch. */
function family() {
  const [laptop, tablet, thief] = chain(phone, genesis.id, adds(['laptop', 'tablet', 'thief']))
  if (!laptop || !tablet || !thief) throw new Error('three adds')
  const [watch] = chain(deviceOf('laptop'), laptop.id, adds(['watch']))
  if (!watch) throw new Error('an add')
  return { laptop, tablet, thief, watch, entries: [genesis, laptop, tablet, thief, watch] }
}

/** What a thief can fill a log with. */
const FLOODS: Readonly<Record<string, (thief: ReadEntry) => readonly ReadEntry[]>> = {
  'a long chain of adds': ({ id }) => chain(deviceOf('thief'), id, adds(numbered('own', 5000))),
  'a long chain of suspends': ({ id }) =>
    chain(
      deviceOf('thief'),
      id,
      Array.from({ length: 5000 }, () => suspend(genesis.id)),
    ),
  'thousands of entries in one place': ({ id: prev }) =>
    Array.from({ length: 5000 }, () =>
      write(account, { author: deviceOf('thief'), prev }, suspend(genesis.id)),
    ),
  'a tree of devices that write': ({ id }) => {
    const own = chain(deviceOf('thief'), id, adds(numbered('own', 60)))
    return own.flatMap((entry, at) => [
      entry,
      ...chain(deviceOf(`own ${at}`), entry.id, adds(numbered(`of ${at}`, 90))),
    ])
  },
}

describe('LOG-12: a full log', () => {
  test.each(Object.keys(FLOODS))('%s crowds out nobody else', (name) => {
    const { entries, tablet, thief, watch } = family()
    const flood = FLOODS[name]?.(thief) ?? []
    const full = reduce(account, [...entries, ...flood])
    expect(full.entries.length).toBeLessThanOrEqual(4096)
    expect(deviceLogCodec.encode(full.entries).length).toBeLessThanOrEqual(1 << 20)
    expect(full.refused.filter(({ reason }) => reason === 'ERR_LOG_LIMIT').length).toBeGreaterThan(
      400,
    )

    const said = [
      ...chain(deviceOf('tablet'), tablet.id, [suspend(thief.id)]),
      ...chain(deviceOf('watch'), watch.id, [suspend(thief.id)]),
      ...chain(deviceOf('laptop'), watch.id, [...adds(['desk']), suspend(tablet.id)]),
    ]
    const accused = merge(full, said)
    const kept = new Set(accused.genuine.keys())
    expect(said.filter(({ id }) => !kept.has(id))).toEqual([])
    expect(stateOf(accused, 'thief')).toBe('suspended')
    expect(accused.devices.get(deviceOf('thief'))?.suspensions).toHaveLength(2)
    // Which of the flood is kept depends on what came first; once both know what the other kept, it does not.
    const other = reduce(account, [...said, ...flood, ...entries])
    const one = gist(merge(accused, [...other.genuine.values()]))
    expect(gist(merge(other, [...accused.genuine.values()])) === one).toBe(true)
    for (const honest of ['phone', 'laptop', 'tablet', 'thief', 'watch', 'desk']) {
      expect([honest, stateOf(other, honest)]).toEqual([honest, stateOf(accused, honest)])
    }

    const cut = chain(phone, thief.id, [revoke(thief.id)])
    const after = merge(accused, cut)
    expect(after.entries).toHaveLength(entries.length + said.length + 1)
    expect(stateOf(after, 'thief')).toBe('revoked')
    expect(gist(merge(after, flood)) === gist(after)).toBe(true)
  })

  const noise = (count: number): readonly Act[] =>
    Array.from({ length: count }, () => suspend(genesis.id))

  test('beyond the room of its own, elders have room before their descendants', () => {
    const { entries, watch } = family()
    const elder = chain(deviceOf('laptop'), watch.id, noise(3000))
    const below = chain(deviceOf('watch'), watch.id, noise(3000))
    const { genuine } = reduce(account, [...entries, ...below, ...elder])
    expect(elder.filter(({ id }) => !genuine.has(id))).toEqual([])
    const kept = below.filter(({ id }) => genuine.has(id))
    expect(kept.length).toBeGreaterThan(100)
    expect(kept.length).toBeLessThan(3000)
    // Of a chain the beginning is kept.
    expect(kept).toEqual(below.slice(0, kept.length))
  })

  test('devices that wrote nothing take no room', () => {
    const silent = adds(numbered('silent', 30))
    const own = chain(phone, genesis.id, [...silent, ...adds(['laptop', 'thief'])])
    const [laptop, thief] = own.slice(-2)
    if (!laptop || !thief) throw new Error('two adds')
    const [watch] = chain(deviceOf('laptop'), laptop.id, adds(['watch']))
    if (!watch) throw new Error('an add')
    const flood = chain(deviceOf('thief'), thief.id, noise(5000))
    const said = chain(deviceOf('watch'), watch.id, [suspend(thief.id)])
    const state = reduce(account, [genesis, ...own, watch, ...flood, ...said])
    expect(stateOf(state, 'thief')).toBe('suspended')
  })

  test('a device with an expiry has room of its own too, behind those without', () => {
    const names = numbered('other', 13)
    const own = chain(phone, genesis.id, [
      ...adds([...names, 'thief']),
      add(deviceOf('guest'), { expiresAt: 1 }),
    ])
    const [thief, guest] = own.slice(-2)
    if (!thief || !guest) throw new Error('two adds')
    const others = names.flatMap((name, at) =>
      chain(deviceOf(name), own[at]?.id ?? genesis.id, noise(1)),
    )
    const [inner] = chain(deviceOf('guest'), guest.id, adds(['inner']))
    if (!inner) throw new Error('an add')
    const flood = chain(deviceOf('thief'), thief.id, noise(5000))
    const said = chain(deviceOf('inner'), inner.id, [suspend(thief.id)])
    const state = reduce(account, [genesis, ...own, ...others, inner, ...flood, ...said])
    expect(stateOf(state, 'thief')).toBe('suspended')
  })

  test('what the first device wrote has room before all else', () => {
    const { entries, thief } = family()
    const own = chain(phone, thief.id, adds(numbered('guest', 2000)))
    const flood = FLOODS['a tree of devices that write']?.(thief) ?? []
    const state = reduce(account, [...entries, ...own, ...flood])
    expect(own.filter(({ id }) => !state.genuine.has(id))).toEqual([])
  })

  test('many devices with an expiry take no room from those without', () => {
    const names = numbered('guest', 60)
    const guests = names.map((name) => add(deviceOf(name), { expiresAt: 1 }))
    const own = chain(phone, genesis.id, [...guests, ...adds(['laptop', 'thief'])])
    const [laptop, thief] = own.slice(-2)
    if (!laptop || !thief) throw new Error('two adds')
    const left = own
      .slice(0, 60)
      .flatMap(({ id }, at) => chain(deviceOf(names[at] ?? ''), id, [{ kind: 'leave' }]))
    const flood = FLOODS['a tree of devices that write']?.(thief) ?? []
    const [watch] = chain(deviceOf('laptop'), laptop.id, adds(['watch']))
    if (!watch) throw new Error('an add')
    const said = chain(deviceOf('watch'), watch.id, [...noise(100), suspend(thief.id)])
    const state = reduce(account, [genesis, ...own, ...left, watch, ...flood, ...said])
    expect(said.filter(({ id }) => !state.genuine.has(id))).toEqual([])
    expect(stateOf(state, 'thief')).toBe('suspended')
  })

  test('no fork is hidden by losing one of its two entries', () => {
    const { entries, thief } = family()
    const flood = FLOODS['a long chain of adds']?.(thief) ?? []
    // At each place of the chain near its end, a rival entry: wherever the log ends, both go or stay.
    const rivals = flood.slice(3000).map(({ body }) => {
      if (body.kind !== 'add') throw new Error('a chain of adds')
      return write(account, body, suspend(genesis.id))
    })
    const state = reduce(account, [...entries, ...flood, ...rivals])
    const rivalByPrev = new Map(rivals.map(({ id, body }) => ['prev' in body && body.prev, id]))
    const halves = flood.filter(({ id, body }) => {
      const rival = rivalByPrev.get('prev' in body && body.prev)
      return rival !== undefined && state.genuine.has(id) !== state.genuine.has(rival)
    })
    expect(halves).toEqual([])
    expect(rivals.some(({ id }) => state.genuine.has(id))).toBe(true)
  })

  test('a flood that crowds out its own revocation brings no second one into the log', () => {
    const { entries, thief } = family()
    const device = deviceOf('thief')
    const [own, ...rest] = chain(device, thief.id, [add(deviceOf('own')), ...noise(4200)])
    const last = rest.at(-1)
    if (!own || !last) throw new Error('an add and a flood')
    const cut = chain(device, last.id, [revoke(own.id)])
    const hidden = chain(deviceOf('own'), own.id, noise(3000))
    const state = reduce(account, [...entries, own, ...rest, ...cut, ...hidden])
    expect(state.entries.length).toBeLessThanOrEqual(4096)
    expect(state.refused).toContainEqual({ id: hidden[0]?.id, reason: 'ERR_LOG_LIMIT' })
    expect(merge(state, hidden).entries.length).toBeLessThanOrEqual(4096)
    const after = merge(state, chain(phone, thief.id, [revoke(thief.id)]))
    expect(after.entries).toHaveLength(entries.length + 1)
  })

  test('a chain of adds deeper than 32 ends there', () => {
    const entries = [genesis]
    let [author, prev] = [phone, genesis.id]
    for (let depth = 1; depth <= 40; depth++) {
      const device = deviceOf(`depth ${depth}`)
      const [entry] = chain(author, prev, [add(device)])
      if (entry === undefined) throw new Error('an add')
      entries.push(entry)
      ;[author, prev] = [device, entry.id]
    }
    const state = reduce(account, entries)
    expect(state.devices.size).toBe(33)
    expect(state.refused[0]?.reason).toBe('ERR_LOG_LIMIT')
  })

  test('LOG-10: at most 256 entries wait for a predecessor', () => {
    const lost = numbered('lost', 400).map((name) =>
      write(account, { author: phone, prev: strayId(name) }, add(deviceOf(name))),
    )
    expect(reduce(account, [genesis, ...lost]).waiting).toHaveLength(256)
  })
})

test('LOG-7 LOG-12: a key with thousands of places and revokes makes one list of suspensions', () => {
  const key = deviceOf('key')
  const places = chain(
    phone,
    genesis.id,
    Array.from({ length: 1500 }, () => add(key)),
  )
  const [first, last] = [places[0], places.at(-1)]
  if (!first || !last) throw new Error('many adds')
  const revokes = chain(
    phone,
    last.id,
    Array.from({ length: 2300 }, () => revoke(first.id)),
  )
  const { open } = lookAt(account, [genesis, ...places, ...revokes]).suspensions
  expect(open.size).toBe(1499)
  expect(new Set(open.values()).size).toBe(1)
})
