/** Everything that must hold for every history, whoever attacks it. */

import {
  companionGoneBad,
  floodKeepsElders,
  forkAddVoid,
  removedInject,
  revokedSubtreeInject,
  strangerNoLinkCycle,
  suspendedKey,
} from './checks/attackers.ts'
import type { Case, Check } from './checks/case.ts'
import { converges, gossipConverges, headsDecide, mergesInPieces } from './checks/order.ts'
import { recoveryRules } from './checks/recovering.ts'
import { ancestorsIn, expiryBelow, limitAndFirst } from './checks/shape.ts'
import {
  forkReadmitVoid,
  mutualSuspend,
  repeatedSuspendHolds,
  unseenSuspendHolds,
} from './checks/suspending.ts'
import type { History } from './history.ts'
import { type Look, lookAt } from './model-log.ts'

export function checkAll(history: History, check: Case['check']): Look {
  const look = lookAt(history.account, history.entries)
  for (const one of CHECKS) one({ ...history, look, check })
  return look
}

const CHECKS: readonly Check[] = [
  converges,
  mergesInPieces,
  gossipConverges,
  headsDecide,
  limitAndFirst,
  ancestorsIn,
  expiryBelow,
  removedInject,
  suspendedKey,
  companionGoneBad,
  revokedSubtreeInject,
  floodKeepsElders,
  forkAddVoid,
  forkReadmitVoid,
  unseenSuspendHolds,
  repeatedSuspendHolds,
  mutualSuspend,
  strangerNoLinkCycle,
  recoveryRules,
]
