import { afterAll, describe, expect, test } from 'vitest'
import { FAULTS } from './device-log-faults.ts'
import { openWorkbench } from './mutant.ts'

/** Each fault costs seconds: without KITH_MUTATIONS they are only held against the sources. */
const isOff = process.env['KITH_MUTATIONS'] === undefined
const hint = isOff ? ' (not planted: run npm run mutations)' : ''

describe('faults in the rules of the device log', async () => {
  const workbench = await openWorkbench()
  afterAll(() => workbench[Symbol.asyncDispose]())

  test('each fits the sources exactly once', async () => {
    for (const fault of FAULTS) await workbench.fit(fault)
    expect(FAULTS.length).toBeGreaterThan(14)
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
  })

  describe.skipIf(isOff)(`planted${hint}`, () => {
    test('nothing is found where there is no fault', { timeout: 300_000 }, async () => {
      expect(await workbench.check()).toBeUndefined()
    })

    test.each(FAULTS)('$name: is caught', { timeout: 300_000 }, async (fault) => {
      expect(await workbench.plant(fault)).toBeDefined()
    })
  })
})
