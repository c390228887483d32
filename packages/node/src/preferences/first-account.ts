import type { AccountId } from '@kithmesh/protocol'
import type { Succession } from '../contacts/succession.ts'

/**
 * The account under which settings of a chat stand: the first a person had, so that they hold when the
 * person makes an account anew (ACC-12, ACC-26).
 */
export function firstAccountOf(
  contact: AccountId,
  { earlierOf }: Pick<Succession, 'earlierOf'>,
): AccountId {
  return earlierOf(contact).at(-1) ?? contact
}
