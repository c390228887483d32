/** Names of the files of vectors, in the order in which one would implement them. */
export const VECTOR_FILES = [
  'ids.json',
  'log.json',
  'content.json',
  'card.json',
  'agreement.json',
  'ratchet.json',
  'message.json',
  'envelope.json',
  'conversation.json',
  'cannot-open.json',
  'lockbox.json',
  'security-code.json',
] as const

/** One of them. */
export type VectorFileName = (typeof VECTOR_FILES)[number]
