import { expect, test } from 'vitest'
import { historyOf } from '../../test/log-model/history.ts'
import { signedHistory } from '../../test/log-model/real-signatures.ts'
import { runModel, tell } from '../../test/log-model/run-model.ts'
import { mergeDeviceLogs, reduceDeviceLog, restoreDeviceLog } from './device-log.ts'

/**
 * Random histories, each attacked in every way of test/log-model/checks.ts. The seed is another one each
 * time; KITH_LOG_SEED and KITH_LOG_HISTORIES run the same ones again.
 */
const HISTORIES = Number(process.env['KITH_LOG_HISTORIES'] ?? 1500)
const SEED = Number(process.env['KITH_LOG_SEED'] ?? Math.floor(Math.random() * 2 ** 30))
/** With real signatures, at a millisecond and a half each. */
const SIGNED_HISTORIES = Math.min(12, Math.ceil(HISTORIES / 50))

test('LOG-3 … LOG-14, A1, A8, A9: no order, partition or attacker of random histories breaks a rule', {
  timeout: 60_000 + HISTORIES * 100,
}, () => {
  const run = runModel({ histories: HISTORIES, seed: SEED })
  tell(run)
  expect(Object.fromEntries(run.broken)).toEqual({})
  if (HISTORIES < 500) return
  // No check is made so seldom that it says nothing.
  for (const [name, count] of run.tried)
    expect([name, count > HISTORIES / 100]).toEqual([name, true])
  expect(run.tried.size).toBe(32)
  for (const some of [run.forked, run.recovered, run.held])
    expect(some).toBeGreaterThan(HISTORIES / 50)
})

test('LOG-9: histories with real signatures come to the same in any order and in pieces', async () => {
  for (let seed = SEED; seed < SEED + SIGNED_HISTORIES; seed++) {
    const { account, entries, shuffled } = await signedHistory(historyOf(seed))
    const state = reduceDeviceLog(account, entries)
    expect([seed, reduceDeviceLog(account, shuffled)]).toEqual([seed, state])
    const [genesis] = entries
    let merged = reduceDeviceLog(account, genesis === undefined ? [] : [genesis])
    for (const entry of shuffled) merged = mergeDeviceLogs(merged, [entry])
    merged = mergeDeviceLogs(merged, entries)
    expect([seed, merged.head, merged.devices]).toEqual([seed, state.head, state.devices])
    expect(restoreDeviceLog(account, state.entries).devices).toEqual(state.devices)
  }
})
