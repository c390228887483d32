import { createAuthor, outOf } from '../author.ts'
import { objectIn, textIn } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { flipped, replaced, START, type VectorCast } from './cast.ts'

/** A point of small order: every agreement with it is all zeros (RFC 7748 §6.1). */
const ZERO_KEY = '00'.repeat(32)

/** Ada starts with Ben and Ben with Ada; keys of small order and erased prekeys. */
export async function agreementVectors({ ada, ben }: VectorCast): Promise<VectorFile> {
  const { makes, refuses } = createAuthor('agreement')
  const initiating = {
    identitySecret: ada.identitySecret,
    card: ada.card,
    peerCard: ben.card,
  }
  const made = await makes('Ada starts from the card of Ben', 'initiate-agreement', initiating)
  const again = await makes('once more, with other randomness', 'initiate-agreement', initiating)
  const back = await makes('Ben starts from the card of Ada', 'initiate-agreement', {
    identitySecret: ben.identitySecret,
    card: ben.card,
    peerCard: ada.card,
  })
  const agreement = textIn(outOf(made), 'encoded')
  const accepting = { identitySecret: ben.identitySecret, prekeys: ben.prekeys, agreement }
  const { prekey } = objectIn(
    { card: outOf(await makes('card', 'read-card', { card: ben.card, now: START })) },
    'card',
  )
  const ephemeralKey = textIn(outOf(made), 'ephemeralKey')
  return {
    about: 'PQXDH: the agreement a session begins with, from both sides.',
    groups: [
      { name: 'the initiator', rules: ['SES-4'], cases: [made, again, back] },
      {
        name: 'the recipient',
        rules: ['SES-4', 'SES-5'],
        cases: [
          await makes('Ben accepts', 'accept-agreement', accepting),
          await makes('Ada accepts', 'accept-agreement', {
            identitySecret: ada.identitySecret,
            prekeys: ada.prekeys,
            agreement: textIn(outOf(back), 'encoded'),
          }),
          await makes('a changed ciphertext: another key, no error', 'accept-agreement', {
            ...accepting,
            agreement: flipped(agreement, -1),
          }),
        ],
      },
      {
        name: 'refused',
        rules: ['SES-1', 'SES-3', 'SES-4'],
        cases: [
          await refuses(
            'an ephemeral key of small order',
            'accept-agreement',
            { ...accepting, agreement: replaced(agreement, ephemeralKey, ZERO_KEY) },
            'ERR_KEY_REFUSED',
          ),
          await refuses(
            'a prekey of small order',
            'initiate-agreement',
            { ...initiating, peerCard: replaced(ben.card, String(prekey), ZERO_KEY) },
            'ERR_KEY_REFUSED',
          ),
          await refuses(
            'a card whose secrets are erased',
            'accept-agreement',
            { ...accepting, prekeys: { ...ben.prekeys, number: 2 } },
            'ERR_SESSION_PREKEY',
          ),
        ],
      },
    ],
  }
}
