import { domainBytes, signerFromSeed } from '../../../src/index.ts'
import { createAuthor, outOf } from '../author.ts'
import { fromHex, type JsonObject, numberIn, textIn, toHex } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { DAY, flipped, type Member, replaced, START, type VectorCast } from './cast.ts'

/** Cards of Ada: in time, out of time, changed, and badly encoded. */
export async function cardVectors({ ada }: VectorCast): Promise<VectorFile> {
  const { makes, refuses } = createAuthor('card')
  const { deviceSeed, identitySecret } = ada
  const making = { deviceSeed, identitySecret, now: START }
  const made = await makes('a published card', 'make-card', { ...making, number: 7 })
  const once = await makes('a one-time card', 'make-one-time-card', making)
  const [published, oneTime] = [outOf(made), outOf(once)]
  const card = textIn(published, 'encoded')
  const expiresAt = numberIn(published, 'expiresAt')
  const onceExpiresAt = numberIn(oneTime, 'expiresAt')
  const read = { card, now: START }
  const readOnce = { card: textIn(oneTime, 'encoded'), now: START }
  return {
    about: 'Device cards: making them, reading them, and what is refused.',
    groups: [
      { name: 'making', rules: ['SES-2', 'SES-3'], cases: [made, once] },
      {
        name: 'reading in time',
        rules: ['SES-2'],
        cases: [
          await makes('at once', 'read-card', read),
          await makes('a clock 24 hours behind', 'read-card', { card, now: START - DAY }),
          await makes('in its last millisecond', 'read-card', { card, now: expiresAt - 1 }),
          await makes('a one-time card', 'read-card', readOnce),
        ],
      },
      {
        name: 'outside of its time',
        rules: ['SES-2'],
        cases: await Promise.all(
          [
            { name: 'expired', card, now: expiresAt },
            { name: 'more than 24 hours ahead', card, now: START - DAY - 1 },
            {
              name: 'meant to stand for over 37 days',
              card: await lasting(published, ada),
              now: START,
            },
            { name: 'a one-time card, long expired', ...readOnce, now: onceExpiresAt + DAY },
          ].map(({ name, ...input }) => refuses(name, 'read-card', input, 'ERR_CARD_EXPIRED')),
        ),
      },
      {
        name: 'not signed by its device',
        rules: ['SES-2'],
        cases: await Promise.all(
          [
            { name: 'another signature', card: flipped(card, -1) },
            {
              name: 'another prekey',
              card: replaced(card, textIn(published, 'prekey'), textIn(oneTime, 'prekey')),
            },
            { name: 'another number', card: replaced(card, '071b0000', '081b0000') },
          ].map(({ name, card: changed }) =>
            refuses(name, 'read-card', { ...read, card: changed }, 'ERR_CARD_SIGNATURE'),
          ),
        ),
      },
      {
        name: 'not the one encoding of a card',
        rules: ['ID-4', 'MSG-5', 'MSG-6'],
        cases: [
          ...(await Promise.all(
            [
              { name: 'a byte too many', card: `${card}00` },
              { name: 'cut short', card: card.slice(0, -2) },
              {
                name: 'a longer integer than needed',
                card: replaced(card, '071b0000', '18071b0000'),
              },
              { name: 'an array of unknown length', card: `9f${card.slice(2)}ff` },
              { name: 'a field too few', card: `88${card.slice(2)}` },
              { name: 'nothing', card: '' },
            ].map(({ name, card: changed }) =>
              refuses(name, 'read-card', { ...read, card: changed }, 'ERR_MALFORMED'),
            ),
          )),
          await refuses(
            'a later suite',
            'read-card',
            { ...read, card: replaced(card, '8901', '8902') },
            'ERR_SUITE_UNKNOWN',
          ),
        ],
      },
    ],
  }
}

/** A card that its device signed, and that stands for a millisecond too long. */
async function lasting(published: JsonObject, { deviceSeed }: Member): Promise<string> {
  const [from, to] = [0, 1].map((more) => uint64(numberIn(published, 'expiresAt') + more))
  const body = replaced(textIn(published, 'encoded').slice(2, -132), from ?? '', to ?? '')
  const signed = domainBytes('device card', fromHex(`88${body}`))
  const signature = await signerFromSeed(fromHex(deviceSeed)).sign(signed)
  return `89${body}5840${toHex(signature)}`
}

/** CBOR of a whole number over 2^32. */
function uint64(value: number): string {
  return `1b${value.toString(16).padStart(16, '0')}`
}
