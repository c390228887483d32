/** Every operation a file of vectors can name. */

import type { Operations } from './operation.ts'
import { agreementOperations } from './operations/agreement.ts'
import { cannotOpenOperations } from './operations/cannot-open.ts'
import { cardOperations } from './operations/card.ts'
import { contentOperations } from './operations/content.ts'
import { conversationOperations } from './operations/conversation.ts'
import { envelopeOperations } from './operations/envelope.ts'
import { idOperations } from './operations/ids.ts'
import { lockboxOperations } from './operations/lockbox.ts'
import { logOperations } from './operations/log.ts'
import { messageOperations } from './operations/message.ts'
import { ratchetOperations } from './operations/ratchet.ts'
import { securityCodeOperations } from './operations/security-code.ts'

/** Of this implementation. */
export const ownOperations: Operations = {
  ...idOperations,
  ...logOperations,
  ...cardOperations,
  ...agreementOperations,
  ...ratchetOperations,
  ...messageOperations,
  ...contentOperations,
  ...envelopeOperations,
  ...conversationOperations,
  ...cannotOpenOperations,
  ...lockboxOperations,
  ...securityCodeOperations,
}
