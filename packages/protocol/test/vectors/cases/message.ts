import { createAuthor, outOf } from '../author.ts'
import { objectIn, textIn } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { flipped, hexOfText } from './cast.ts'

/** One message key, and everything that may be changed. */
export async function messageVectors(): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('message')
  const messageKey = hex(32)
  const associatedData = hex(100)
  const texts = { 'a text': hexOfText('Grüß dich, Ben'), nothing: '', 'over a block': hex(200) }
  const seals = await Promise.all(
    Object.entries(texts).map(([name, plaintext]) =>
      makes(name, 'seal-message', { messageKey, associatedData, plaintext }),
    ),
  )
  const openings = seals.map((one) => {
    const { key: _, ...message } = outOf(one)
    return { name: one.name, input: { messageKey, associatedData, ...message } }
  })
  const [first] = openings
  if (first === undefined) throw new Error('there are texts')
  const message = objectIn(first, 'input')
  const changed = {
    'another message key': { messageKey: flipped(messageKey, 31) },
    'other associated data': { associatedData: flipped(associatedData, 0) },
    'another nonce': { nonce: flipped(textIn(message, 'nonce'), 0) },
    'another commitment': { commitment: flipped(textIn(message, 'commitment'), 31) },
    'another ciphertext': { sealed: flipped(textIn(message, 'sealed'), 0) },
    'another tag': { sealed: flipped(textIn(message, 'sealed'), -1) },
    'no tag': { sealed: textIn(message, 'sealed').slice(0, -32) },
    'no ciphertext at all': { sealed: '' },
  }
  return {
    about: 'Sealing and opening under one message key.',
    groups: [
      { name: 'sealing', rules: ['SES-9', 'SES-10'], cases: seals },
      {
        name: 'opening',
        rules: ['SES-9', 'SES-10'],
        cases: await Promise.all(
          openings.map(({ name, input }) => makes(name, 'open-message', input)),
        ),
      },
      {
        name: 'refused',
        rules: ['SES-8', 'SES-10'],
        cases: await Promise.all(
          Object.entries(changed).map(([name, change]) =>
            refuses(name, 'open-message', { ...message, ...change }, 'ERR_SESSION_OPEN'),
          ),
        ),
      },
    ],
  }
}
