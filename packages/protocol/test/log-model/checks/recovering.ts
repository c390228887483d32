/** What a recovery ends and keeps. */

import { recovery } from '../attack.ts'
import { deviceOf } from '../model-entry.ts'
import { gist, merge, reduce } from '../model-log.ts'
import { pick, shuffled } from '../random.ts'
import { all, type Check, forge } from './case.ts'

/** LOG-13: a recovery of a lower number does nothing; a higher one ends all but what it keeps. */
export const recoveryRules: Check = (given) => {
  const { look, account, entries, random } = given
  const { state, tree } = look
  const keep = tree.standing.map(({ device }) => device).filter((device) => device !== state.first)
  const device = deviceOf('recovered')
  if (state.recoveries > 1) {
    const lower = recovery(look, { number: state.recoveries - 1, device, keep: [] })
    given.check('lowerRecoveryVoid', all(given, [lower]) === gist(state))
  }
  // Somebody else's device, named without having agreed.
  const kept = [...shuffled(random, [...new Set(keep)]).slice(0, 3), deviceOf('not asked')]
  const next = recovery(look, { number: state.recoveries + 1, device, keep: kept })
  const after = reduce(account, shuffled(random, [...entries, next]))
  const named = [device, ...kept.slice(0, -1)]
  given.check(
    'recoveryKeepsExactly',
    [...after.devices.keys()].sort().join() === named.sort().join(),
  )
  const outsider = pick(random, tree.standing).device
  if (kept.includes(outsider)) return
  const forged = forge(given, outsider)
  given.check('recoveryEndsThePast', gist(merge(after, forged)) === gist(after))
}
