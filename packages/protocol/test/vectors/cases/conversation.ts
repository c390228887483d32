import { createAuthor } from '../author.ts'
import type { JsonObject } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { DAY, HOUR, hexOfText, type Member, partyOf, START, type VectorCast } from './cast.ts'

type Name = 'ada' | 'ben'

/** Four conversations of Ada and Ben. */
export async function conversationVectors({ ada, ben, chat }: VectorCast): Promise<VectorFile> {
  const { makes, hex } = createAuthor('conversation')
  const [ofAda, ofBen] = [hex(32), hex(32)]
  const seal = (by: Name, envelope: string, text: string, more: JsonObject = {}): JsonObject => ({
    do: 'seal',
    by,
    envelope,
    now: START + HOUR,
    chat,
    freshness:
      by === 'ada' ? { sender: ofAda, recipient: ofBen } : { sender: ofBen, recipient: ofAda },
    plaintext: hexOfText(text),
    ...more,
  })
  const talk = (name: string, steps: readonly JsonObject[]) =>
    makes(name, 'conversation', { ada: deviceOf(ada), ben: deviceOf(ben), steps })
  return {
    about:
      'Conversations of two devices, step by step. Envelopes are named by the step that sealed them.',
    groups: [
      {
        name: 'from the first card on',
        rules: ['SES-4', 'SES-7', 'SES-8', 'SES-11', 'SES-12', 'SES-15', 'MSG-6', 'MSG-7'],
        cases: [
          await talk('initial envelopes, an answer, out of order, twice', [
            start('ada'),
            seal('ada', 'a0', 'Hello Ben'),
            seal('ada', 'a1', 'Are you there?'),
            open('ben', 'a1'),
            open('ben', 'a0'),
            open('ben', 'a0'),
            seal('ben', 'b0', 'Here I am'),
            seal('ben', 'b1', 'And you?'),
            seal('ben', 'b2', 'cannot open: 1', { chat: 'control' }),
            open('ada', 'b2'),
            open('ada', 'b0'),
            seal('ada', 'a2', 'Me too'),
            open('ben', 'a2'),
            open('ada', 'b1'),
            open('ada', 'b1'),
          ]),
        ],
      },
      {
        name: 'the post-quantum exchange',
        rules: ['SES-30', 'SES-31', 'SES-32', 'SES-33'],
        cases: [
          await talk('an offer that is carried twice, and its answer', [
            start('ada'),
            seal('ada', 'a0', 'Hello'),
            open('ben', 'a0'),
            seal('ben', 'b0', 'Hello'),
            open('ada', 'b0'),
            seal('ada', 'a1', 'A day later', later(1)),
            seal('ada', 'a2', 'and the first one is lost', later(1)),
            open('ben', 'a2', later(1)),
            seal('ben', 'b1', 'My answer', later(1)),
            seal('ben', 'b2', 'goes with each', later(1)),
            open('ada', 'b2', later(1)),
            seal('ada', 'a3', 'and stops', later(1)),
            open('ben', 'a3', later(1)),
          ]),
        ],
      },
      {
        name: 'both start at once',
        rules: ['SES-13'],
        cases: [
          await talk('and settle on one session', [
            start('ada'),
            start('ben'),
            seal('ada', 'a0', 'from Ada'),
            seal('ben', 'b0', 'from Ben'),
            open('ben', 'a0'),
            open('ada', 'b0'),
            seal('ada', 'a1', 'on the session of Ben'),
            open('ben', 'a1'),
            seal('ben', 'b1', 'so do I'),
            open('ada', 'b1'),
          ]),
        ],
      },
      {
        name: 'refused',
        rules: ['SES-1', 'SES-6', 'SES-8', 'SES-10', 'ID-4'],
        cases: [
          await talk('changed, sent back, without a session; then as it was', [
            start('ada'),
            seal('ben', 'nothing', 'there is no session yet'),
            seal('ada', 'a0', 'Hello'),
            open('ada', 'a0'),
            ...CHANGES.map((flip) => ({ ...open('ben', 'a0'), flip })),
            open('ben', 'a0'),
          ]),
        ],
      },
    ],
  }
}

/** A byte each of what stands in an initial envelope, by its place. */
const CHANGES: readonly JsonObject[] = [
  // suite, kind
  { at: 1, xor: 3 },
  { at: 5, xor: 1 },
  // account and device of the sender, and of the recipient
  ...[20, 60, 90, 130].map((at) => ({ at, xor: 1 })),
  // chat, freshness
  ...[160, 190, 230].map((at) => ({ at, xor: 1 })),
  // ratchet key, previous length, number
  ...[260, 288, 289].map((at) => ({ at, xor: 1 })),
  // the card in the agreement, the KEM ciphertext in it
  ...[600, 2000].map((at) => ({ at, xor: 1 })),
  // ciphertext
  { at: 2860, xor: 1 },
]

function later(days: number): JsonObject {
  return { now: START + HOUR + days * DAY }
}

function start(by: Name): JsonObject {
  return { do: 'start', by, now: START + HOUR }
}

function open(by: Name, envelope: string, more: JsonObject = {}): JsonObject {
  return { do: 'open', by, envelope, now: START + HOUR, ...more }
}

function deviceOf(member: Member): JsonObject {
  const { identitySecret, card, prekeys } = member
  return { ...partyOf(member), identitySecret, card, prekeys }
}
