import { createAuthor } from '../author.ts'
import { PURPOSES } from '../operations/ids.ts'
import type { VectorFile } from '../vector-file.ts'
import { hexOfText, type VectorCast } from './cast.ts'

/** Every kind of id, and texts that are none. */
export async function idVectors({ ada, ben }: VectorCast): Promise<VectorFile> {
  const author = createAuthor('ids')
  const { makes, refuses } = author
  const ids = {
    account: author.hex(32),
    chat: author.hex(32),
    device: author.hex(32),
    entry: author.hex(32),
    message: author.hex(16),
  }
  const texts = await Promise.all(
    Object.entries(ids).map(([kind, bytes]) => makes(`${kind} id`, 'id-to-text', { kind, bytes })),
  )
  const read = { kind: 'account', text: ada.account }
  const one = { one: ada.account, other: ben.account }
  return {
    about: 'Domain strings, ids as text, and the keys an account begins with.',
    groups: [
      {
        name: 'domain strings',
        rules: ['ID-2'],
        cases: [
          ...(await Promise.all(
            PURPOSES.map((purpose) =>
              makes(purpose, 'domain-bytes', { purpose, parts: [hexOfText('body')] }),
            ),
          )),
          await makes('parts are joined as they are', 'domain-bytes', {
            purpose: 'direct chat id',
            parts: [author.hex(32), author.hex(32)],
          }),
        ],
      },
      { name: 'ids as text', rules: ['ID-1'], cases: texts },
      {
        name: 'ids from text',
        rules: ['ID-1'],
        cases: [
          await makes('account id', 'id-from-text', read),
          await makes('device id', 'id-from-text', { kind: 'device', text: ada.device }),
        ],
      },
      {
        name: 'texts that are no ids',
        rules: ['ID-1'],
        cases: await Promise.all(
          [
            { name: 'upper case', ...read, text: ada.account.toUpperCase() },
            { name: 'another kind', ...read, text: `c${ada.account.slice(1)}` },
            { name: 'cut short', ...read, text: ada.account.slice(0, -1) },
            { name: 'too long', ...read, text: `${ada.account}a` },
            { name: 'bits behind the last byte', ...read, text: `${ada.account.slice(0, -1)}b` },
            { name: 'a digit that is none', ...read, text: `${ada.account.slice(0, -1)}1` },
            { name: 'device id in base32', kind: 'device', text: ada.account },
            { name: 'device id cut short', kind: 'device', text: ada.device.slice(0, -1) },
            { name: 'empty', ...read, text: '' },
          ].map(({ name, kind, text }) =>
            refuses(name, 'id-from-text', { kind, text }, 'ERR_ID_MALFORMED'),
          ),
        ),
      },
      {
        name: 'the chat of two accounts',
        rules: ['ID-3'],
        cases: [
          await makes('as Ada asks', 'direct-chat-id', one),
          await makes('as Ben asks', 'direct-chat-id', { one: ben.account, other: ada.account }),
        ],
      },
      {
        name: 'the root of an account',
        rules: ['ID-7', 'ID-8', 'LOG-1'],
        cases: [
          await makes('Ada', 'account-root', { entropy: ada.entropy }),
          await makes('the account id is a hash of the genesis body', 'account-id', {
            genesisBody: ada.genesisBody,
          }),
          await makes('words in any case', 'entropy-from-words', {
            words: '  ZOO zoo zoo\tzoo zoo zoo zoo zoo zoo zoo zoo WRONG\n',
          }),
          await refuses(
            'a wrong checksum',
            'entropy-from-words',
            { words: `${'zoo '.repeat(11)}zoo` },
            'ERR_WORDS',
          ),
        ],
      },
    ],
  }
}
