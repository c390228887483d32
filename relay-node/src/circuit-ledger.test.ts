import { describe, expect, test } from 'vitest'
import { createCircuitLedger } from './circuit-ledger.ts'

const LIMITS = { maxCircuits: 4, maxCircuitsPerPeer: 2, maxCircuitsPerAddress: 3 }
const ends = (initiator: string, target: string, source = 'home') => ({ initiator, target, source })

describe('RLY-7 circuits are counted', () => {
  test.each([
    ['of one initiator', [ends('a', 'x'), ends('a', 'y')], ends('a', 'z', 'away')],
    ['to one target', [ends('a', 'x'), ends('b', 'x')], ends('c', 'x', 'away')],
    ['of one address', [ends('a', 'x'), ends('b', 'y'), ends('c', 'z')], ends('d', 'w')],
    [
      'in all',
      [ends('a', 'x'), ends('b', 'y'), ends('c', 'z', 'n'), ends('d', 'w', 'n')],
      ends('e', 'v', 'm'),
    ],
  ])('RLY-7 %s', (_name, opened, oneMore) => {
    const ledger = createCircuitLedger(LIMITS)
    const closers = opened.map((one) => ledger.open(one))
    expect(closers).not.toContain(undefined)
    expect(ledger.open(oneMore)).toBeUndefined()
    closers[0]?.()
    expect(ledger.open(oneMore)).toBeDefined()
  })

  test('RLY-7 a circuit that ends twice gives back one place', () => {
    const ledger = createCircuitLedger(LIMITS)
    const close = ledger.open(ends('a', 'x'))
    ledger.open(ends('a', 'x'))
    close?.()
    close?.()
    expect(ledger.count()).toBe(1)
  })
})
