import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  family,
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
  states,
  tablet,
  watch,
} from '../../test/family-log.ts'
import { deviceOf } from '../../test/log-model/model-entry.ts'
import { add, merge, readmit, revoke, suspend } from '../../test/log-model/model-log.ts'
import { type EntryId, entryIdToBytes } from '../ids.ts'
import type { DeviceLogState } from './device-log.ts'
import type { ReadEntry } from './log-check.ts'

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
