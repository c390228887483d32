import { describe, expect, test } from 'vitest'
import {
  genesis,
  ghost,
  laptop,
  next,
  ofLaptop,
  ofTablet,
  ofWatch,
  phone,
  reasonOf,
  stateOf,
  tablet,
  watch,
} from '../../test/family-log.ts'
import { deviceOf } from '../../test/log-model/model-entry.ts'
import { add, revoke, suspend } from '../../test/log-model/model-log.ts'
import { devicesIn } from './device-log.ts'

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
