import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Environment } from '../environment.ts'
import {
  type CodeLife,
  codeExpiresInMs,
  countBadProof,
  currentCodeLife,
  endCode,
  endOfCode,
  linkCodeId,
  linkCodeKey,
  openCodeLife,
} from './code-life.ts'

function world() {
  let [monotonic, now, drawn] = [5_000, 1_000_000, 0]
  const environment: Environment = {
    clock: { now: () => now, monotonic: () => monotonic },
    rng: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
  }
  return {
    environment,
    pass: (ms: number) => {
      monotonic += ms
      now += ms
    },
    setWallClock: (to: number) => {
      now = to
    },
  }
}

const idOf = ({ secret }: CodeLife): Uint8Array => linkCodeId(linkCodeKey(secret))

describe('the life of a code', () => {
  test('LNK-3 a code is refused after 60 s', () => {
    const { environment, pass } = world()
    const life = openCodeLife(environment)
    pass(59_999)
    expect(currentCodeLife(life, environment)).toBe(life)
    expect(codeExpiresInMs(life, environment)).toBe(1)
    pass(1)
    const next = currentCodeLife(life, environment)
    expect(next.secret).not.toEqual(life.secret)
    expect(codeExpiresInMs(next, environment)).toBe(60_000)
    expect(endOfCode(next, idOf(life))).toBe('ERR_CODE_EXPIRED')
    expect(endOfCode(next, idOf(next))).toBeUndefined()
  })

  test('A6 LNK-3 the wall clock has no say', () => {
    const { environment, pass, setWallClock } = world()
    const life = openCodeLife(environment)
    setWallClock(0)
    pass(59_999)
    expect(currentCodeLife(life, environment)).toBe(life)
    setWallClock(0)
    pass(1)
    expect(currentCodeLife(life, environment)).not.toBe(life)
  })

  test('LNK-5 the fifth bad proof ends a code, with another secret in its place', () => {
    const { environment } = world()
    const life = openCodeLife(environment)
    let after = life
    for (let proof = 1; proof <= 4; proof++) after = countBadProof(after, environment)
    expect(after.secret).toEqual(life.secret)
    after = countBadProof(after, environment)
    expect(after.secret).not.toEqual(life.secret)
    expect(after.badProofs).toBe(0)
    expect(endOfCode(after, idOf(life))).toBe('ERR_LINK_ATTEMPTS')
  })

  test('LNK-5 whatever happens: no code lives longer, is used twice or survives five bad proofs', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(90_000) }),
      fc.record({ kind: fc.constantFrom('bad' as const, 'use' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { environment, pass } = world()
        let life = openCodeLife(environment)
        const ended = new Set<string>()
        let [age, bad] = [0, 0]
        for (const taken of steps) {
          const before = life
          if (taken.kind === 'pass') {
            pass(taken.ms)
            age += taken.ms
            life = currentCodeLife(life, environment)
          } else if (taken.kind === 'bad') {
            bad += 1
            life = countBadProof(life, environment)
          } else {
            life = endCode(life, { end: 'ERR_CODE_USED' }, environment)
          }
          const mustEnd = age >= 60_000 || bad >= 5 || taken.kind === 'use'
          expect(life !== before && life.secret[0] !== before.secret[0]).toBe(mustEnd)
          if (mustEnd) {
            ended.add(String(before.secret))
            ;[age, bad] = [0, 0]
          }
          expect(ended.has(String(life.secret))).toBe(false)
          expect(life.ended.length).toBeLessThanOrEqual(16)
        }
      }),
    )
  })

  test('LNK-4 the secret of an ended code is forgotten', () => {
    const { environment } = world()
    const life = openCodeLife(environment)
    const next = endCode(life, { end: 'ERR_CODE_USED' }, environment)
    const kept = next.ended.map(({ id }) => Buffer.from(id).toString('hex'))
    expect(kept.join()).not.toContain(Buffer.from(life.secret).toString('hex'))
    expect(kept).toEqual([Buffer.from(idOf(life)).toString('hex')])
  })
})
