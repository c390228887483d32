import { createAuthor, outOf } from '../author.ts'
import { type JsonObject, textIn } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { partyOf, replaced, type VectorCast } from './cast.ts'

/** Each kind of envelope. */
export async function envelopeVectors({ ada, ben, chat }: VectorCast): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('envelope')
  const header = { ratchetKey: hex(32), previousLength: 3, number: 300 }
  const fields = {
    sender: partyOf(ada),
    recipient: partyOf(ben),
    chat,
    freshness: { sender: hex(32), recipient: hex(32) },
    header,
    message: { nonce: hex(24), commitment: hex(32), sealed: hex(40) },
  }
  const agreement = {
    card: ada.card,
    ephemeralKey: hex(32),
    prekeyNumber: 2 ** 33,
    kemCiphertext: hex(1088),
  }
  const offer = { kind: 'offer', key: hex(1184) }
  const answer = { kind: 'answer', ciphertext: hex(1088) }
  const written: Readonly<Record<string, JsonObject>> = {
    ratchet: { kind: 'ratchet', ...fields },
    initial: { kind: 'initial', ...fields, agreement },
    'with a key on offer': { kind: 'ratchet', ...fields, header: { ...header, pq: offer } },
    'with an answer': { kind: 'ratchet', ...fields, header: { ...header, pq: answer } },
    control: { kind: 'ratchet', ...fields, chat: 'control' },
  }
  const writes = await Promise.all(
    Object.entries(written).map(([name, envelope]) => makes(name, 'write-envelope', envelope)),
  )
  const [first] = writes
  if (first === undefined) throw new Error('there are envelopes')
  const plain = textIn(outOf(first), 'encoded')
  const refused = {
    'a kind that is not known': replaced(plain, '67726174636865', '67726174636866'),
    'a byte too many': `${plain}00`,
    'cut short': plain.slice(0, -2),
    'a null where a number belongs': replaced(plain, '0319012c', 'f619012c'),
    'undefined where null belongs': replaced(plain, '0319012cf6', '0319012cf7'),
    'an integer longer than needed': replaced(plain, '0319012c', '180319012c'),
    'a nonce cut short': replaced(
      plain,
      `5818${fields.message.nonce}`,
      `57${fields.message.nonce.slice(2)}`,
    ),
    'a chat of 31 bytes': replaced(plain, '5820', '581f'),
  }
  return {
    about:
      'Every kind of envelope as bytes. Its keys and ciphertexts here are bytes of no meaning.',
    groups: [
      { name: 'writing', rules: ['MSG-6', 'MSG-7', 'SES-8', 'SES-31', 'ID-4'], cases: writes },
      {
        name: 'reading',
        rules: ['MSG-5', 'MSG-6'],
        cases: await Promise.all(
          writes.map((one) =>
            makes(one.name, 'read-envelope', { encoded: textIn(outOf(one), 'encoded') }),
          ),
        ),
      },
      {
        name: 'refused',
        rules: ['MSG-5', 'MSG-6', 'ID-4'],
        cases: [
          ...(await Promise.all(
            Object.entries(refused).map(([name, encoded]) =>
              refuses(name, 'read-envelope', { encoded }, 'ERR_MALFORMED'),
            ),
          )),
          await refuses(
            'a later suite',
            'read-envelope',
            { encoded: `8302${plain.slice(4)}` },
            'ERR_SUITE_UNKNOWN',
          ),
        ],
      },
    ],
  }
}
