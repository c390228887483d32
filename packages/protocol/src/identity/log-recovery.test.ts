import { describe, expect, test } from 'vitest'
import {
  account,
  genesis,
  ghost,
  next,
  ofLaptop,
  ofTablet,
  ofWatch,
  phone,
  reasonOf,
  root,
  stateOf,
  states,
  tablet,
  watch,
} from '../../test/family-log.ts'
import { deviceOf, entryOf, rootOf } from '../../test/log-model/model-entry.ts'
import { add, merge, reduce, revoke, suspend } from '../../test/log-model/model-log.ts'
import type { DeviceId } from '../ids.ts'
import type { ReadEntry } from './log-check.ts'
import { keptPlaceId } from './log-entry.ts'

function recoverTo(device: DeviceId, keep: readonly DeviceId[], number = 1): ReadEntry {
  const kept = keep.map((its) => ({ device: its, rights: { link: true } }))
  const prev = genesis.id
  return entryOf({ kind: 'recover', account, prev, number, device, keep: kept, at: 7 }, root)
}

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
