import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { accountOf, deviceOf, entryOf, rootOf, strayId } from '../../test/log-model/model-entry.ts'
import {
  type Act,
  add,
  lookAt,
  merge,
  readmit,
  reduce,
  revoke,
  suspend,
  write,
} from '../../test/log-model/model-log.ts'
import { type DeviceId, type EntryId, entryIdToBytes } from '../ids.ts'
import { type DeviceLogState, devicesIn } from './device-log.ts'
import type { ReadEntry } from './log-check.ts'
import { type EntryBody, entryBodyCodec, keptPlaceId } from './log-entry.ts'
import { mayReadmit, maySuspend, mayUnlink } from './log-rights.ts'

const account = accountOf('rules')
const root = rootOf('rules')
const phone = deviceOf('phone')
const laptop = deviceOf('laptop')
const tablet = deviceOf('tablet')
const watch = deviceOf('watch')
const ghost = deviceOf('ghost')
const genesis = entryOf(
  { kind: 'genesis', root, recoveryKey: new Uint8Array(1216), device: phone, at: 0 },
  root,
)

const next = (author: DeviceId, prev: ReadEntry | EntryId, act: Act): ReadEntry =>
  write(account, { author, prev: typeof prev === 'string' ? prev : prev.id }, act)

function recoverTo(device: DeviceId, keep: readonly DeviceId[], number = 1): ReadEntry {
  const kept = keep.map((its) => ({ device: its, rights: { link: true } }))
  const prev = genesis.id
  return entryOf({ kind: 'recover', account, prev, number, device, keep: kept, at: 7 }, root)
}

/** The phone takes in a laptop and a tablet; the laptop takes in a watch. */
const ofLaptop = next(phone, genesis, add(laptop))
const ofTablet = next(phone, ofLaptop, add(tablet))
const ofWatch = next(laptop, ofLaptop, add(watch))
const family = [genesis, ofLaptop, ofTablet, ofWatch]

const stateOf = (entries: readonly ReadEntry[]): DeviceLogState =>
  reduce(account, [...family, ...entries])
const states = ({ devices }: DeviceLogState): string =>
  [...devices.values()].map(({ device, state }) => `${nameOf(device)} ${state}`).join(', ')
const nameOf = (device: DeviceId): string =>
  ['phone', 'laptop', 'tablet', 'watch', 'ghost', 'desk'].find(
    (name) => deviceOf(name) === device,
  ) ?? ''
const reasonOf = (state: DeviceLogState, { id }: ReadEntry): string | undefined =>
  state.refused.find((refused) => refused.id === id)?.reason

describe('LOG-7: suspend and leave', () => {
  test('a device says who suspended it and why', () => {
    const accused = next(tablet, ofTablet, {
      kind: 'suspend',
      target: ofLaptop.id,
      reason: 'idle',
    })
    const state = stateOf([accused])
    expect(states(state)).toBe('phone in, tablet in, laptop suspended, watch suspended')
    const { at } = accused.body
    expect(state.devices.get(laptop)).toMatchObject({
      suspensions: [{ entry: accused.id, by: tablet, reason: 'idle', at }],
      takenInBy: phone,
      ancestors: [phone],
    })
    expect(state.devices.get(watch)).toMatchObject({
      suspensions: [],
      takenInBy: laptop,
      ancestors: [phone, laptop],
    })
    expect(state.devices.get(phone)).not.toHaveProperty('takenInBy')
  })

  test('not the first device, not one above its author, not a leave of the first', () => {
    const cases = [
      next(tablet, ofTablet, suspend(genesis.id)),
      next(watch, ofWatch, suspend(ofLaptop.id)),
      next(phone, ofTablet, { kind: 'leave' }),
    ]
    for (const entry of cases) {
      const state = stateOf([entry])
      expect(states(state)).toBe('phone in, laptop in, tablet in, watch in')
      expect(reasonOf(state, entry)).toBe('ERR_ENTRY_RIGHT')
      expect(state.head).toEqual(stateOf([]).head)
      expect(state.genuine.has(entry.id)).toBe(true)
    }
  })

  test('not another place of a key above its author either', () => {
    const again = next(phone, ofTablet, add(laptop))
    const entry = next(watch, ofWatch, suspend(again.id))
    expect(reasonOf(stateOf([again, entry]), entry)).toBe('ERR_ENTRY_RIGHT')
  })

  test('who leaves is out with all below it', () => {
    const left = next(laptop, ofWatch, { kind: 'leave' })
    const state = stateOf([left])
    expect(states(state)).toBe('phone in, tablet in, laptop suspended, watch suspended')
    expect(state.devices.get(laptop)?.suspensions).toMatchObject([
      { entry: left.id, by: laptop, reason: 'left' },
    ])
  })

  test('the revoke of one place suspends the other, and can be answered there', () => {
    const again = next(laptop, ofWatch, add(tablet))
    const revoked = next(laptop, again, revoke(again.id))
    const state = stateOf([again, revoked])
    expect(states(state)).toBe('phone in, laptop in, watch in, tablet suspended')
    expect(state.devices.get(tablet)?.suspensions).toMatchObject([
      { entry: revoked.id, by: laptop, reason: 'revoked' },
    ])
    const answer = next(phone, ofTablet, readmit(ofTablet.id, [revoked.id]))
    expect(states(merge(state, [answer]))).toBe('phone in, laptop in, tablet in, watch in')
  })
})

describe('LOG-5, LOG-7: several revokes of one place', () => {
  const again = next(laptop, ofWatch, add(tablet))
  const revoked = next(laptop, again, revoke(again.id))
  const suspensionsIn = (state: DeviceLogState): readonly EntryId[] | undefined =>
    state.devices.get(tablet)?.suspensions.map(({ entry }) => entry)

  test('one that counts is not undone by one that does not, and only it suspends the key', () => {
    const stray = next(watch, ofWatch, revoke(again.id))
    const state = stateOf([again, revoked, stray])
    expect(reasonOf(state, stray)).toBe('ERR_ENTRY_RIGHT')
    expect(suspensionsIn(state)).toEqual([revoked.id])
  })

  test('the suspension of the key stands beside what the place itself is accused of', () => {
    const accused = next(watch, ofWatch, suspend(ofTablet.id))
    expect(suspensionsIn(stateOf([again, revoked, accused]))).toEqual([accused.id, revoked.id])
  })

  test('LOG-14: each has to be answered', () => {
    const second = next(phone, ofTablet, revoke(again.id))
    const state = stateOf([again, revoked, second])
    expect(suspensionsIn(state)).toEqual([second.id, revoked.id])
    const answer = next(phone, second, readmit(ofTablet.id, [revoked.id]))
    expect(suspensionsIn(merge(state, [answer]))).toEqual([second.id])
  })
})

describe('LOG-8: who is in', () => {
  test('in each generation by the places of the parents, not by when these were read', () => {
    const [desk, a2, b1, b2] = ['desk', 'a2', 'b1', 'b2'].map(deviceOf)
    if (!desk || !a2 || !b1 || !b2) throw new Error('four devices')
    // The laptop has watch and a2, the tablet b1 and b2: so b1 comes before a2, and its child too.
    const ofA2 = next(laptop, ofWatch, add(a2))
    const ofB1 = next(tablet, ofTablet, add(b1))
    const ofB2 = next(tablet, ofB1, add(b2))
    const belowA2 = next(a2, ofA2, add(desk))
    const belowB1 = next(b1, ofB1, add(ghost))
    const { devices } = stateOf([ofA2, ofB1, ofB2, belowA2, belowB1])
    const ranked = [phone, laptop, tablet, watch, b1, a2, b2, ghost, desk]
    expect([...devices.keys()]).toEqual(ranked)
    expect(devices.get(ghost)?.state).toBe('in')
    expect(devices.get(desk)?.state).toBe('held')
  })
})

test('LOG-8: the n-th child is counted by its parent, however deep', () => {
  const [a2, w1, w2, c1] = ['a2', 'w1', 'w2', 'c1'].map(deviceOf)
  if (!a2 || !w1 || !w2 || !c1) throw new Error('four devices')
  const ofA2 = next(laptop, ofWatch, add(a2))
  const ofW1 = next(watch, ofWatch, add(w1))
  const ofW2 = next(watch, ofW1, add(w2))
  const ofC1 = next(a2, ofA2, add(c1))
  const { devices } = stateOf([ofA2, ofW1, ofW2, ofC1])
  expect([...devices.keys()]).toEqual([phone, laptop, tablet, watch, a2, w1, c1, w2])
})

describe('LOG-14: readmit', () => {
  const one = next(tablet, ofTablet, suspend(ofWatch.id))
  const two = next(phone, ofTablet, suspend(ofWatch.id))

  test('answers exactly what it names', () => {
    const some = next(laptop, ofWatch, readmit(ofWatch.id, [one.id]))
    const state = stateOf([one, two, some])
    expect(state.devices.get(watch)?.suspensions.map(({ entry }) => entry)).toEqual([two.id])
    const rest = next(laptop, some, readmit(ofWatch.id, [two.id]))
    expect(states(merge(state, [rest]))).toContain('watch in')
  })

  test('answers nothing on another place, from beside, or by the device itself', () => {
    const elsewhere = next(phone, two, readmit(ofLaptop.id, [one.id, two.id]))
    expect(states(stateOf([one, two, elsewhere]))).toContain('watch suspended')
    const beside = next(tablet, one, readmit(ofWatch.id, [one.id, two.id]))
    const itself = next(watch, ofWatch, readmit(ofWatch.id, [one.id, two.id]))
    for (const entry of [beside, itself]) {
      const state = stateOf([one, two, entry])
      expect(states(state)).toContain('watch suspended')
      expect(reasonOf(state, entry)).toBe('ERR_ENTRY_RIGHT')
    }
  })

  test('LOG-6: behind a fork it answers nothing, and says so', () => {
    const answer = next(laptop, ofWatch, readmit(ofWatch.id, [one.id]))
    const rival = next(laptop, ofWatch, add(ghost))
    const state = stateOf([one, answer, rival])
    expect(states(state)).toBe('phone in, laptop in, tablet in, watch suspended')
    expect(reasonOf(state, answer)).toBe('ERR_ENTRY_FORK')
    const later = next(laptop, rival, suspend(ofTablet.id))
    expect(states(merge(state, [later]))).toContain('tablet suspended')
  })

  test('LOG-9: a suspend that was answered, and its answer, are in the head', () => {
    const answer = next(laptop, ofWatch, readmit(ofWatch.id, [one.id]))
    const heads = [[], [one], [one, answer], [answer]].map((entries) =>
      Buffer.from(stateOf(entries).head).toString('hex'),
    )
    expect(new Set(heads).size).toBe(4)
  })
})

describe('LOG-9: the head', () => {
  const headOf = (entries: readonly ReadEntry[]): string =>
    Buffer.from(stateOf(entries).head).toString('hex')

  test('is the hash of what decides', () => {
    const answered = next(tablet, ofTablet, suspend(ofWatch.id))
    const ids = [...family, answered].map(({ id }) => Buffer.from(entryIdToBytes(id)))
    const sum = createHash('sha256').update('kith/v1/device log head\0')
    for (const id of ids.sort(Buffer.compare)) sum.update(id)
    expect(headOf([answered])).toBe(sum.digest('hex'))
  })

  test('does not move for what does not count', () => {
    const cases = [
      next(tablet, ofTablet, revoke(ofWatch.id)),
      next(watch, ofWatch, revoke(ofLaptop.id)),
      next(tablet, ofTablet, readmit(ofWatch.id, [ofWatch.id])),
      next(watch, ofWatch, add(laptop)),
    ]
    for (const entry of cases) {
      expect(reasonOf(stateOf([entry]), entry)).toMatch(/ERR_ENTRY_(RIGHT|CYCLE)/)
      expect(headOf([entry])).toBe(headOf([]))
    }
  })

  test('moves for a fork, also of two entries that do not count', () => {
    const one = next(tablet, ofTablet, suspend(genesis.id))
    const other = next(tablet, ofTablet, suspend(genesis.id))
    expect(headOf([one])).toBe(headOf([]))
    expect(headOf([one, other])).not.toBe(headOf([]))
    expect(stateOf([one, other]).forks).toHaveLength(1)
  })
})

describe('LOG-13: recover', () => {
  const desk = deviceOf('desk')

  test('a new first device, and those it keeps at new places', () => {
    const recover = recoverTo(desk, [tablet, watch])
    const state = stateOf([recover])
    expect(states(state)).toBe('desk in, tablet in, watch in')
    expect(state).toMatchObject({ period: recover.id, recoveries: 1, first: desk })
    const place = keptPlaceId(recover.id, tablet)
    expect(state.devices.get(tablet)).toMatchObject({
      addedBy: place,
      lastEntry: place,
      takenInBy: desk,
      historyAt: 7,
    })
    const added = next(tablet, place, add(ghost))
    expect(states(merge(state, [added]))).toBe('desk in, tablet in, watch in, ghost in')
    const revoked = next(desk, recover, revoke(place))
    expect(states(merge(state, [added, revoked]))).toBe('desk in, watch in, tablet revoked')
  })

  test('what was written before is refused and not kept', () => {
    const state = stateOf([recoverTo(desk, [])])
    expect(state.entries).toHaveLength(2)
    expect(state.refused.map(({ reason }) => reason)).toEqual(Array(3).fill('ERR_ENTRY_PERIOD'))
    const late = merge(state, [next(phone, ofTablet, add(ghost)), ofTablet, ofLaptop])
    expect(late.entries).toHaveLength(2)
    expect(reasonOf(late, ofLaptop)).toBe('ERR_ENTRY_PERIOD')
  })

  test('the highest number wins, then the smaller id; the others are not kept', () => {
    const [a, b] = [recoverTo(desk, []), recoverTo(ghost, [])]
    const [winner, loser] = a.id < b.id ? [a, b] : [b, a]
    const state = stateOf([loser, winner])
    expect(state.period).toBe(winner.id)
    expect(reasonOf(state, loser)).toBe('ERR_ENTRY_PERIOD')
    const higher = recoverTo(watch, [], 2)
    const later = merge(state, [higher])
    expect(later).toMatchObject({ period: higher.id, recoveries: 2, first: watch })
    expect(merge(later, [winner]).head).toEqual(later.head)
  })

  test('only the root of the account recovers it', () => {
    const other = entryOf(recoverTo(desk, []).body, rootOf('other'))
    const state = stateOf([other])
    expect(state.recoveries).toBe(0)
    expect(reasonOf(state, other)).toBe('ERR_SIGNATURE')
    const stray = recoverTo(desk, [])
    if (stray.body.kind !== 'recover') throw new Error('a recover')
    const elsewhere = entryOf({ ...stray.body, prev: ofLaptop.id }, root)
    const unmoved = stateOf([elsewhere])
    expect(unmoved.recoveries).toBe(0)
    expect(reasonOf(unmoved, elsewhere)).toBe('ERR_ENTRY_PERIOD')
  })

  test('A1: a device that never agreed is not kept, until it is known to have agreed', () => {
    const recover = recoverTo(desk, [watch, ghost])
    const without = reduce(account, [genesis, recover])
    expect(states(without)).toBe('desk in')
    const own = next(watch, keptPlaceId(recover.id, watch), suspend(genesis.id))
    const waiting = merge(without, [own])
    expect(waiting.waiting).toHaveLength(1)
    const known = merge(waiting, [ofWatch])
    expect(states(known)).toBe('desk in, watch in')
    expect(known.head).not.toEqual(without.head)
    expect(known.genuine.has(ofWatch.id) && known.genuine.has(own.id)).toBe(true)
    // It goes on with the log, so whoever is given that needs nothing else.
    expect(states(reduce(account, [...known.genuine.values()]))).toBe('desk in, watch in')
  })

  test('LOG-10: what stands below a recovery that lost is dropped, also below who it kept', () => {
    const [lost, won] = [recoverTo(ghost, [watch]), recoverTo(desk, [], 2)]
    const own = next(ghost, lost, suspend(genesis.id))
    const kept = next(watch, keptPlaceId(lost.id, watch), suspend(genesis.id))
    const state = stateOf([won, lost, own, kept])
    expect(reasonOf(state, own)).toBe('ERR_ENTRY_PERIOD')
    expect(reasonOf(state, kept)).toBe('ERR_ENTRY_PERIOD')
    expect(state.waiting).toEqual([])
  })

  test('A1: a forged agreement keeps nobody', () => {
    const { body } = next(phone, ofTablet, add(ghost))
    const forged = entryOf(body, rootOf('other'))
    const state = stateOf([recoverTo(desk, [ghost]), forged])
    expect(states(state)).toBe('desk in')
    expect(reasonOf(state, forged)).toBe('ERR_SIGNATURE')
  })

  test('a recovery that lost may be the agreement of a device that the winner keeps', () => {
    const [lost, won] = [recoverTo(ghost, []), recoverTo(desk, [ghost], 2)]
    const state = stateOf([lost, won])
    expect(states(state)).toBe('desk in, ghost in')
    expect(state.genuine.has(lost.id)).toBe(true)
    expect(reasonOf(state, lost)).toBeUndefined()
  })

  test('nothing else is refused for it', () => {
    expect(reduce(account, [genesis, recoverTo(desk, [])]).refused).toEqual([])
  })

  test('LOG-10: what a kept device wrote is dropped when it is revoked', () => {
    const recover = recoverTo(desk, [watch])
    const place = keptPlaceId(recover.id, watch)
    const added = next(watch, place, add(ghost))
    const revoked = next(desk, recover, revoke(place))
    expect(reasonOf(stateOf([recover, added, revoked]), added)).toBe('ERR_ENTRY_REVOKED')
    const stranger = next(ghost, place, suspend(genesis.id))
    expect(reasonOf(stateOf([recover, stranger]), stranger)).toBe('ERR_ENTRY_AUTHOR')
  })

  test('A1: another agreement of a device changes no head', () => {
    const recover = recoverTo(desk, [watch])
    const state = stateOf([recover])
    const others = Array.from({ length: 8 }, () => next(ghost, ofLaptop, add(watch)))
    expect(merge(state, others).head).toEqual(state.head)
  })

  test('an agreement of this period that comes early keeps what follows it waiting', () => {
    const recover = recoverTo(desk, [watch])
    const first = next(desk, recover, add(tablet))
    const agreed = next(desk, first, add(watch))
    const later = next(desk, agreed, add(ghost))
    const early = merge(reduce(account, [genesis, recover]), [agreed, later])
    expect(early.waiting).toHaveLength(1)
    expect(states(merge(early, [first]))).toBe('desk in, watch in, tablet in, ghost in')
  })
})

describe('LOG-10: what can never count is dropped, and says why', () => {
  const unlinked = next(laptop, ofWatch, add(ghost, { rights: { link: false } }))
  const voided = next(ghost, unlinked, add(deviceOf('desk')))

  test('with the fault of the add it hangs below', () => {
    const behind = next(deviceOf('desk'), voided, suspend(genesis.id))
    const state = stateOf([unlinked, voided, behind])
    expect(reasonOf(state, voided)).toBe('ERR_ENTRY_RIGHT')
    expect(reasonOf(state, behind)).toBe('ERR_ENTRY_RIGHT')
    expect(state.waiting).toEqual([])
  })

  test('what follows an entry of another device, and what follows that', () => {
    const stray = next(tablet, ofWatch, suspend(genesis.id))
    const behind = next(tablet, stray, suspend(genesis.id))
    const state = stateOf([stray, behind])
    expect(reasonOf(state, stray)).toBe('ERR_ENTRY_AUTHOR')
    expect(reasonOf(state, behind)).toBe('ERR_ENTRY_AUTHOR')
    expect(state.waiting).toEqual([])
  })

  test('with its author, though what it follows has a fault as well', () => {
    const voidSuspend = next(tablet, ofTablet, suspend(genesis.id))
    const strangers = [voided, voidSuspend].map((entry) => next(watch, entry, { kind: 'leave' }))
    const state = stateOf([unlinked, voided, voidSuspend, ...strangers])
    expect(reasonOf(state, voidSuspend)).toBe('ERR_ENTRY_RIGHT')
    for (const entry of strangers) expect(reasonOf(state, entry)).toBe('ERR_ENTRY_AUTHOR')
  })

  test('what follows a revoke of another device, though it is of the device that revoke names', () => {
    const cut = next(phone, ofTablet, revoke(ofLaptop.id))
    const stray = next(laptop, cut, suspend(genesis.id))
    expect(reasonOf(stateOf([cut, stray]), stray)).toBe('ERR_ENTRY_AUTHOR')
  })
})

describe('LOG-11: expiry', () => {
  test('a device expires with the first above it, and gets history no sooner', () => {
    const guest = next(phone, ofTablet, add(ghost, { expiresAt: 100, historyAt: 50 }))
    const own = next(ghost, guest, add(deviceOf('desk'), { expiresAt: 900, historyAt: 0 }))
    const inner = next(deviceOf('desk'), own, add(deviceOf('inner'), { expiresAt: 60 }))
    const state = stateOf([guest, own, inner])
    expect(state.devices.get(deviceOf('desk'))).toMatchObject({ expiresAt: 100, historyAt: 50 })
    expect(state.devices.get(deviceOf('inner'))).toMatchObject({ expiresAt: 60, historyAt: 50 })
    const count = (now: number): number => devicesIn(state, { now }).length
    expect([count(59), count(60), count(99), count(100)]).toEqual([7, 6, 6, 4])
    expect(state.devices.get(laptop)).not.toHaveProperty('expiresAt')
  })
})

describe('LOG-5, LOG-7, LOG-14: what may be done', () => {
  const accused = next(tablet, ofTablet, suspend(ofWatch.id))
  let state: DeviceLogState
  beforeEach(() => {
    state = stateOf([accused])
  })

  test('unlink: by those above, suspended or not', () => {
    expect(mayUnlink(state, phone, watch)).toBe(true)
    expect(mayUnlink(state, laptop, watch)).toBe(true)
    expect(mayUnlink(state, tablet, watch)).toBe(false)
    expect(mayUnlink(state, watch, laptop)).toBe(false)
    expect(mayUnlink(state, laptop, laptop)).toBe(false)
    expect(mayUnlink(state, ghost, watch)).toBe(false)
    expect(mayUnlink(state, phone, ghost)).toBe(false)
  })

  test('suspend: all but the first, oneself and those above', () => {
    expect(maySuspend(state, tablet, laptop)).toBe(true)
    expect(maySuspend(state, watch, tablet)).toBe(true)
    expect(maySuspend(state, watch, laptop)).toBe(false)
    expect(maySuspend(state, tablet, phone)).toBe(false)
    expect(maySuspend(state, tablet, tablet)).toBe(false)
    expect(maySuspend(state, ghost, tablet)).toBe(false)
    expect(maySuspend(state, tablet, ghost)).toBe(false)
  })

  test('readmit: by those above with no fork, and only what is suspended itself', () => {
    expect(mayReadmit(state, laptop, watch)).toBe(true)
    expect(mayReadmit(state, phone, watch)).toBe(true)
    expect(mayReadmit(state, tablet, watch)).toBe(false)
    expect(mayReadmit(state, phone, laptop)).toBe(false)
    const branches = [1, 2].map(() => next(laptop, ofWatch, suspend(ofTablet.id)))
    const forked = merge(state, branches)
    expect(states(forked)).toContain('watch suspended')
    expect(mayReadmit(forked, laptop, watch)).toBe(false)
    expect(mayReadmit(forked, phone, watch)).toBe(true)
  })

  test('a revoked device may nothing', () => {
    const revoked = merge(state, [next(phone, ofTablet, revoke(ofLaptop.id))])
    expect(maySuspend(revoked, laptop, tablet)).toBe(false)
    expect(mayUnlink(revoked, phone, laptop)).toBe(false)
  })

  test('what is allowed counts, and what is not does not', () => {
    const devices = [phone, laptop, tablet, watch]
    const look = lookAt(account, [...family, accused])
    const tips = new Map(look.tree.standing.map((place) => [place.device, look.tip(place)]))
    for (const one of devices) {
      for (const other of devices) {
        const target = state.devices.get(other)?.addedBy ?? genesis.id
        const tip = tips.get(one) ?? genesis.id
        const counts = (act: Act): boolean => {
          const entry = next(one, tip, act)
          return reasonOf(merge(state, [entry]), entry) === undefined
        }
        const pair = `${nameOf(one)} ${nameOf(other)}`
        // A revoke or readmit of what is not below is refused; what may not be is refused too.
        expect([pair, counts(revoke(target))]).toEqual([pair, mayUnlink(state, one, other)])
        if (one !== other) {
          expect([pair, counts(suspend(target))]).toEqual([pair, maySuspend(state, one, other)])
        }
        if (other === watch) {
          expect([pair, counts(readmit(target, [accused.id]))]).toEqual([
            pair,
            mayReadmit(state, one, other),
          ])
        }
      }
    }
  })
})

describe('ID-4: bodies that no shape alone refuses', () => {
  const recover = {
    kind: 'recover',
    account,
    prev: genesis.id,
    number: 1,
    device: phone,
    keep: [],
    at: 0,
  } as const
  const answer = { account, author: phone, prev: genesis.id, target: genesis.id, at: 0 } as const
  const kept = (device: DeviceId) => ({ device, rights: { link: true } })

  test.each<[string, EntryBody]>([
    ['a recovery with the number 0', { ...recover, number: 0 }],
    ['a device kept twice', { ...recover, keep: [kept(laptop), kept(laptop)] }],
    ['the new first device kept', { ...recover, keep: [kept(phone)] }],
    ['a readmit that answers nothing', { kind: 'readmit', ...answer, answers: [] }],
    [
      'a readmit that answers one thing twice',
      { kind: 'readmit', ...answer, answers: [genesis.id, genesis.id] },
    ],
  ])('%s', (_, body) => {
    expect(() => entryBodyCodec.encode(body)).toThrow(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('a suspend for a reason there is not', () => {
    const body = { kind: 'suspend', ...answer, reason: 'lost' } as const
    const encoded = entryBodyCodec.encode(body)
    const at = Buffer.from(encoded).indexOf('lost')
    for (const reason of ['lost', 'idle']) {
      const bytes = Uint8Array.from(encoded)
      bytes.set(Buffer.from(reason), at)
      expect(entryBodyCodec.decode(bytes)).toEqual({ ...body, reason })
    }
    const other = Uint8Array.from(encoded)
    other.set(Buffer.from('late'), at)
    expect(() => entryBodyCodec.decode(other)).toThrow(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('LOG-12: a readmit of 32 answers is the longest there is', () => {
    const answers = Array.from({ length: 33 }, (_, at) => strayId(`${at}`))
    const body = { kind: 'readmit', ...answer, answers: answers.slice(0, 32) } as const
    expect(entryBodyCodec.decode(entryBodyCodec.encode(body))).toEqual(body)
    expect(() => entryBodyCodec.encode({ ...body, answers })).toThrow(
      expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
    )
  })
})
