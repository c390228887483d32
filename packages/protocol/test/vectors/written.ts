/** The files of vectors as this implementation writes them. */

import { agreementVectors } from './cases/agreement.ts'
import { cannotOpenVectors } from './cases/cannot-open.ts'
import { cardVectors } from './cases/card.ts'
import { createVectorCast } from './cases/cast.ts'
import { contentVectors } from './cases/content.ts'
import { conversationVectors } from './cases/conversation.ts'
import { envelopeVectors } from './cases/envelope.ts'
import { idVectors } from './cases/ids.ts'
import { lockboxVectors } from './cases/lockbox.ts'
import { logVectors } from './cases/log.ts'
import { messageVectors } from './cases/message.ts'
import { ratchetVectors } from './cases/ratchet.ts'
import { securityCodeVectors } from './cases/security-code.ts'
import type { VectorFileName } from './files.ts'
import { formatVectorFile } from './vector-file.ts'

/** Every file as text, by its name. */
export async function writeVectors(): Promise<Readonly<Record<VectorFileName, string>>> {
  const cast = await createVectorCast()
  return {
    'ids.json': formatVectorFile(await idVectors(cast)),
    'log.json': formatVectorFile(await logVectors(cast)),
    'content.json': formatVectorFile(await contentVectors(cast)),
    'card.json': formatVectorFile(await cardVectors(cast)),
    'agreement.json': formatVectorFile(await agreementVectors(cast)),
    'ratchet.json': formatVectorFile(await ratchetVectors()),
    'message.json': formatVectorFile(await messageVectors()),
    'envelope.json': formatVectorFile(await envelopeVectors(cast)),
    'conversation.json': formatVectorFile(await conversationVectors(cast)),
    'cannot-open.json': formatVectorFile(await cannotOpenVectors(cast)),
    'lockbox.json': formatVectorFile(await lockboxVectors(cast)),
    'security-code.json': formatVectorFile(await securityCodeVectors(cast)),
  }
}
