/** What every state must look like. */

import { isIn, standingsIn } from '../model-log.ts'
import { type Check, companions, isOut } from './case.ts'

export const limitAndFirst: Check = ({ look, check }) => {
  const { state } = look
  check('limitAndFirst', standingsIn(state, 'in').length <= 8 && isIn(state, state.first))
}

export const ancestorsIn: Check = (given) => {
  const held = companions(given).every(
    (place) =>
      !isOut(given, place) &&
      place.ancestors.every((its) => given.look.tree.standing.includes(its)),
  )
  given.check('ancestorsIn', held)
}

/** LOG-11: nobody outlives whoever took it in, nor gets history sooner. */
export const expiryBelow: Check = ({ look, check }) => {
  for (const { ancestors, expiresAt = Infinity, historyAt } of look.tree.standing) {
    const parent = ancestors.at(-1)
    if (parent === undefined) continue
    const limit = parent.expiresAt ?? Infinity
    check('expiryBelow', expiresAt <= limit && historyAt >= parent.historyAt)
  }
}
