/** Suspends and answers that meet. */

import type { Place } from '../../../src/identity/log-tree.ts'
import { evil } from '../attack.ts'
import { strayId } from '../model-entry.ts'
import { decided, gist, isIn, type Look, lookAt, reduce } from '../model-log.ts'
import { pick } from '../random.ts'
import { all, atTip, author, type Check, companions, isForked, placesOf } from './case.ts'

/** LOG-6: behind a fork a readmit answers nothing. */
export const forkReadmitVoid: Check = (given) => {
  const { look, account, entries } = given
  for (const [place, [open, ...more]] of look.suspensions.open) {
    const elder = place.ancestors.at(-1)
    if (open === undefined || more.length > 0 || elder === undefined) continue
    if (
      isForked(given, elder.device) ||
      place.ancestors.some((its) => look.suspensions.open.has(its))
    )
      continue
    const one = atTip(given, elder).readmit(place.id, [open.id])
    const other = atTip(given, elder).add(evil('fork'))
    const without = lookAt(account, [...entries, one, other])
    given.check('forkReadmitVoid', without.suspensions.open.size === look.suspensions.open.size)
    const answered = lookAt(account, [...entries, one])
    given.check('readmitAnswers', answered.suspensions.open.size === look.suspensions.open.size - 1)
    return
  }
}

/** A readmit beside a suspend that its author had not seen. */
export const unseenSuspendHolds: Check = (given) => {
  const others = companions(given)
  if (others.length === 0) return
  const { random, look } = given
  const place = pick(random, others)
  const elder = pick(random, place.ancestors)
  const accusers = look.tree.standing.filter(
    (its) =>
      its !== place &&
      its !== elder &&
      !its.ancestors.some(({ device }) => device === place.device) &&
      ![elder.device, place.device].includes(its.device) &&
      !isForked(given, its.device),
  )
  if (accusers.length === 0 || isForked(given, elder.device)) return
  const accuser = pick(random, accusers)
  const unseen = atTip(given, accuser).suspend(place.id)
  const answer = atTip(given, elder).readmit(place.id, [strayId('seen')])
  const after = lookAt(given.account, [...given.entries, unseen, answer])
  given.check('unseenSuspendHolds', isAccused(after, place))
  const answered = atTip(given, elder).readmit(place.id, [unseen.id])
  const later = lookAt(given.account, [...given.entries, unseen, answered])
  given.check('seenSuspendAnswered', !isAccused(later, place))
}

/** Whether a place is suspended itself, in another look. */
function isAccused({ suspensions }: Look, { id }: Place): boolean {
  return [...suspensions.open.keys()].some((its) => its.id === id)
}

/** A device that had suspended a thief is retired: the revoker repeats the suspend, so the thief stays out. */
export const repeatedSuspendHolds: Check = (given) => {
  const others = companions(given)
  const { look, random } = given
  const { first } = look.tree
  if (others.length === 0 || isForked(given, first.device)) return
  const retired = pick(random, others)
  const thief = look.tree.standing.find(
    (its) =>
      its !== retired &&
      its.device !== first.device &&
      its.device !== retired.device &&
      !retired.ancestors.includes(its),
  )
  if (thief === undefined) return
  const said = atTip(given, retired).suspend(thief.id)
  const repeated = atTip(given, first).suspend(thief.id)
  const revoked = author(given, first, repeated.id).revoke(retired.id)
  const after = lookAt(given.account, [...given.entries, said, repeated, revoked])
  given.check('repeatedSuspendHolds', isAccused(after, thief) || !stands(after, thief))
}

function stands({ tree }: Look, { id }: Place): boolean {
  return tree.standing.some((place) => place.id === id)
}

/** Two devices against each other at once: both are out, and the first device's answer brings both back. */
export const mutualSuspend: Check = (given) => {
  const { look, account, entries } = given
  const { first } = look.tree
  const lone = companions(given).filter(
    ({ device }) => placesOf(given, device).length === 1 && !isForked(given, device),
  )
  const [one] = lone
  const other = lone.find(
    (its) =>
      one !== undefined &&
      its !== one &&
      !one.ancestors.includes(its) &&
      !its.ancestors.includes(one),
  )
  if (one === undefined || other === undefined || isForked(given, first.device)) return
  const a = atTip(given, one).suspend(other.id)
  const b = atTip(given, other).suspend(one.id)
  const both = reduce(account, [...entries, b, a])
  const isBothOut = !isIn(both, one.device) && !isIn(both, other.device)
  given.check('mutualSuspend', isBothOut && gist(both) === all(given, [a, b]))
  const answerOne = atTip(given, first).readmit(one.id, [b.id])
  const answerOther = author(given, first, answerOne.id).readmit(other.id, [a.id])
  const answered = reduce(account, [...entries, a, b, answerOne, answerOther])
  given.check('mutualSuspendAnswered', decided(answered) === decided(look.state))
}
