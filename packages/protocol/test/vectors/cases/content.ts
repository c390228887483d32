import { createAuthor, outOf } from '../author.ts'
import { type JsonObject, textIn } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { partyOf, replaced, START, type VectorCast } from './cast.ts'

/** Each kind of content. */
export async function contentVectors({ ada, ben, chat }: VectorCast): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('content')
  const said = { chat, author: partyOf(ada), seq: 1, parents: [], at: START, salt: hex(16) }
  const write = (name: string, content: JsonObject) => makes(name, 'write-content', content)
  const first = await write('the first text of a chat', {
    ...said,
    body: { kind: 'text', text: 'Hello Ben 👋' },
  })
  const heard = { ...said, author: partyOf(ben), parents: [textIn(outOf(first), 'message')] }
  const contents = [
    first,
    await write('a text with a parent', {
      ...heard,
      salt: hex(16),
      body: { kind: 'text', text: 'Hello Ada' },
    }),
    await write('read', {
      ...heard,
      seq: 2,
      salt: hex(16),
      body: { kind: 'read', messages: heard.parents },
    }),
    await write('an empty text, a byte order mark, a number over 2^32', {
      ...said,
      seq: 2 ** 40,
      salt: hex(16),
      body: { kind: 'text', text: '\ufeff' },
    }),
  ]
  const encoded = textIn(outOf(first), 'encoded')
  const refused = {
    'a kind that is not known': replaced(encoded, '6474657874', '6474657876'),
    'a sequence number of 0': replaced(encoded, '01801b', '00801b'),
    'a salt cut short': replaced(encoded, `50${said.salt}`, `4f${said.salt.slice(2)}`),
    'ill-formed text': replaced(encoded, 'f09f918b', 'f09f91ff'),
    'a byte too many': `${encoded}00`,
    'an integer longer than needed': replaced(encoded, '01801b', '1801801b'),
  }
  return {
    about: 'Contents: what messages hold. The id of a content is a hash of its bytes.',
    groups: [
      { name: 'writing', rules: ['MSG-1', 'MSG-2', 'MSG-3', 'ID-4'], cases: contents },
      {
        name: 'reading',
        rules: ['MSG-2', 'MSG-3', 'MSG-5'],
        cases: await Promise.all(
          contents.map((one) =>
            makes(one.name, 'read-content', { encoded: textIn(outOf(one), 'encoded') }),
          ),
        ),
      },
      {
        name: 'refused',
        rules: ['MSG-2', 'MSG-3', 'MSG-5', 'ID-4'],
        cases: await Promise.all(
          Object.entries(refused).map(([name, bytes]) =>
            refuses(name, 'read-content', { encoded: bytes }, 'ERR_MALFORMED'),
          ),
        ),
      },
    ],
  }
}
