import { describe, expect, test } from 'vitest'
import { createCircuitLedger } from './circuit-ledger.ts'

const LIMITS = {
  maxCircuits: 4,
  maxCircuitsPerPeer: 2,
  maxCircuitsPerAddress: 3,
  maxCircuitsPerAccount: 3,
}
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

describe('RLY-41 accounts and their owner', () => {
  const of = (initiator: string, target: string, accounts: readonly string[], source = 'home') => ({
    ...ends(initiator, target, source),
    accounts,
  })

  test('RLY-41 one account cannot take all circuits, wherever its devices are', () => {
    const ledger = createCircuitLedger({ ...LIMITS, maxCircuits: 10 })
    expect(ledger.open(of('a1', 'x', ['ada'], 'n1'))).toBeDefined()
    expect(ledger.open(of('y', 'a2', ['ben', 'ada'], 'n2'))).toBeDefined()
    const last = ledger.open(of('a3', 'z', ['ada'], 'n3'))
    expect(ledger.open(of('a4', 'w', ['ada'], 'n4'))).toBeUndefined()
    expect(ledger.open(of('w', 'a4', ['ben', 'ada'], 'n4')), 'nor as a target').toBeUndefined()
    expect(ledger.open(of('y', 'z', ['ben'], 'n5'))).toBeDefined()
    last?.()
    expect(ledger.open(of('a4', 'w', ['ada'], 'n4'))).toBeDefined()
  })

  test('RLY-41 D3 strangers leave the owner its share, of all places and at each device', () => {
    const limits = { ...LIMITS, maxCircuits: 8, maxCircuitsPerPeer: 4, maxCircuitsPerAddress: 100 }
    const ledger = createCircuitLedger(limits, { ownerShare: 0.25 })
    const taken = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].filter(
      (stranger) => ledger.open(ends(stranger, stranger < 'e' ? 'laptop' : 'phone')) !== undefined,
    )
    expect(taken, 'three at each device').toEqual(['a', 'b', 'c', 'e', 'f', 'g'])
    const own = { ...ends('tablet', 'laptop'), isProtected: true }
    expect(ledger.open(own)).toBeDefined()
    expect(ledger.open({ ...own, target: 'phone' })).toBeDefined()
    expect(ledger.open({ ...own, target: 'tv' }), 'eight are eight').toBeUndefined()
  })

  test('RLY-41 D3 what an address has open does not hold a device of the owner there', () => {
    const ledger = createCircuitLedger({ ...LIMITS, maxCircuits: 10 }, { ownerShare: 0.25 })
    for (const one of ['a', 'b', 'c']) ledger.open(ends(one, `of ${one}`))
    expect(ledger.open(ends('d', 'x'))).toBeUndefined()
    expect(ledger.open({ ...ends('tablet', 'laptop'), isProtected: true })).toBeDefined()
  })
})
