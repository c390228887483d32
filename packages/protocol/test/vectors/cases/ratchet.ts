import { createAuthor } from '../author.ts'
import type { JsonObject } from '../json.ts'
import type { VectorFile } from '../vector-file.ts'
import { DAY, START } from './cast.ts'

type Side = 'initiator' | 'responder'

/** Turns, late messages, three post-quantum exchanges, and headers nobody sent. */
export async function ratchetVectors(): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('ratchet')
  const starting = () => ({ sharedKey: hex(32), prekeySecret: hex(32), now: START })
  const exchange = (name: string, steps: readonly JsonObject[]) =>
    makes(name, 'ratchet-exchange', { ...starting(), steps })
  const fresh = { ratchetKey: hex(32), previousLength: 0, number: 0 }
  const hostile: Readonly<Record<string, JsonObject>> = {
    tooFarAhead: { ...fresh, number: 1001 },
    answerToNothing: { ...fresh, pq: { kind: 'answer', ciphertext: hex(1088) } },
    // Every coefficient is over the modulus.
    noKeyOnOffer: { ...fresh, pq: { kind: 'offer', key: 'ff'.repeat(1184) } },
  }
  return {
    about: 'Root, chain and message keys of both sides, over turns and the post-quantum exchange.',
    groups: [
      {
        name: 'turns',
        rules: ['SES-12', 'SES-14'],
        cases: [
          await exchange('two messages each, three turns', [
            ...says('initiator', ['a0', 'a1']),
            ...says('responder', ['b0', 'b1']),
            ...says('initiator', ['a2', 'a3']),
          ]),
        ],
      },
      {
        name: 'out of order',
        rules: ['SES-12', 'SES-15'],
        cases: [
          await exchange('late, skipped, over a turn, and twice', [
            ...['a0', 'a1', 'a2', 'a3'].map((message) => send('initiator', message)),
            ...['a2', 'a0'].map((message) => receive('responder', message)),
            ...says('responder', ['b0']),
            ...says('initiator', ['a4']),
            ...['a3', 'a1', 'a1', 'a4'].map((message) => receive('responder', message)),
          ]),
        ],
      },
      {
        name: 'the post-quantum exchange',
        rules: ['SES-30', 'SES-31', 'SES-32', 'SES-33'],
        cases: [
          await exchange('due after 50 turns', manyTurns(54)),
          await exchange('due after 24 hours, twice: each side offers once', [
            ...says('initiator', ['a0']),
            ...says('responder', ['b0']),
            ...says('initiator', ['a1', 'a2'], DAY),
            ...says('responder', ['b1', 'b2'], DAY),
            ...says('initiator', ['a3'], DAY),
            ...says('responder', ['b3'], 2 * DAY),
            ...says('initiator', ['a4'], 2 * DAY),
            ...says('responder', ['b4'], 2 * DAY),
          ]),
        ],
      },
      {
        name: 'headers that are refused',
        rules: ['SES-12', 'SES-34'],
        cases: [
          await exchange('and change nothing', [
            ...Object.values(hostile).map((header) => forged(header)),
            forged({ ...fresh, number: 1000 }),
          ]),
          await refuses(
            'a ratchet key of small order',
            'ratchet-exchange',
            { ...starting(), steps: [forged({ ...fresh, ratchetKey: '00'.repeat(32) })] },
            'ERR_KEY_REFUSED',
          ),
        ],
      },
    ],
  }
}

/** Each message is sent and then received at once. */
function says(by: Side, messages: readonly string[], after = 0): readonly JsonObject[] {
  const to = by === 'initiator' ? 'responder' : 'initiator'
  return messages.flatMap((message) => [send(by, message, after), receive(to, message, after)])
}

/** A header that the initiator never sent, on its way to the responder. */
function forged(header: JsonObject): JsonObject {
  return { do: 'receive', by: 'responder', header, now: START }
}

function manyTurns(count: number): readonly JsonObject[] {
  return Array.from({ length: count }, (_, at) =>
    says(at % 2 === 0 ? 'initiator' : 'responder', [`m${at}`]),
  ).flat()
}

function send(by: Side, message: string, after = 0): JsonObject {
  return { do: 'send', by, message, now: START + after }
}

function receive(by: Side, message: string, after = 0): JsonObject {
  return { do: 'receive', by, message, now: START + after }
}
