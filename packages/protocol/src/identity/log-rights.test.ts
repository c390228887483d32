import { beforeEach, describe, expect, test } from 'vitest'
import {
  account,
  family,
  genesis,
  ghost,
  laptop,
  nameOf,
  next,
  ofLaptop,
  ofTablet,
  ofWatch,
  phone,
  reasonOf,
  stateOf,
  states,
  tablet,
  watch,
} from '../../test/family-log.ts'
import {
  type Act,
  lookAt,
  merge,
  readmit,
  revoke,
  suspend,
} from '../../test/log-model/model-log.ts'
import type { DeviceLogState } from './device-log.ts'
import { mayReadmit, maySuspend, mayUnlink } from './log-rights.ts'

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
