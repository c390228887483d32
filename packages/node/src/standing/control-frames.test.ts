/**
 * Every frame of every protocol, said first by everybody (A5): who is answered at all, and that nobody else
 * changes anything. What the frames of a hello bring about has tests of its own (`control-kinds.test.ts`,
 * `hello.test.ts`), and so has the word that an envelope cannot be opened (`mending.test.ts`,
 * `false-words.test.ts`).
 *
 * The rows are complete by their types: a frame kind without a row does not compile, and a protocol
 * without rows fails the last test.
 */

import type { NetProtocol } from '@kithmesh/net'
import { type Codec, messageIdFromBytes } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import {
  CLASSES,
  createStage,
  helloOf,
  type SenderClass,
  type Stage,
} from '../../test/control-stage.ts'
import { accountOf } from '../../test/devices.ts'
import {
  type ToRecipient,
  type ToSender,
  toRecipientCodec,
  toSenderCodec,
} from '../delivery/message-wire.ts'
import { repairAnswerCodec, repairQuestionCodec } from '../delivery/repair-wire.ts'
import { type HelloFrame, helloCodec } from '../greeting/hello-wire.ts'
import * as declared from '../protocols.ts'
import {
  CONTACT,
  HELLO,
  JOIN,
  LINK,
  MESSAGE,
  NEARBY,
  RECOVERY,
  RELAY,
  REPAIR,
  SYNC,
} from '../protocols.ts'
import { type RecoveryFrame, recoveryCodec } from '../recovery/wire.ts'

/** Who is answered; and of a hello, with more than that it is unknown here, or out. */
type Answered = readonly SenderClass[]
interface Row {
  readonly answered: Answered
  readonly bytes: Uint8Array
}

const NOBODY: Answered = []
/** Who was unlinked is cut off with its first hello (OUT-7). */
const EVERYBODY: Answered = CLASSES.filter((sender) => sender !== 'unlinked')
const CONTACTS: Answered = ['a contact']
/** Devices that are in, of one's own account and of contacts: both sides of a hello speak at once. */
const KNOWN: Answered = ['a contact', 'own']

const EMPTY = new Uint8Array()
const id = messageIdFromBytes(new Uint8Array(16))

const PROTOCOLS = {
  HELLO,
  MESSAGE,
  REPAIR,
  RECOVERY,
  SYNC,
  LINK,
  JOIN,
  CONTACT,
  NEARBY,
  RELAY,
} as const
const NAMES = [
  'HELLO',
  'MESSAGE',
  'REPAIR',
  'RECOVERY',
  'SYNC',
  'LINK',
  'JOIN',
  'CONTACT',
  'NEARBY',
  'RELAY',
] as const

/** One frame of each kind, and who is answered when it is the first. */
type Kinds<F extends { readonly kind: string }> = {
  readonly [K in F['kind']]: readonly [Extract<F, { readonly kind: K }>, Answered]
}

function rowsOf<F extends { readonly kind: string }>(
  name: string,
  codec: Codec<F>,
  kinds: Kinds<F>,
): readonly (readonly [string, Row])[] {
  const all: readonly (readonly [F, Answered])[] = Object.values(kinds)
  return all.map(([frame, answered]) => [
    `${name}${frame.kind}`,
    { answered, bytes: codec.encode(frame) },
  ])
}

function rows(at: Stage, hello: HelloFrame & { readonly kind: 'hello' }) {
  const account = accountOf(at.phone)
  const toRecipient: Kinds<ToRecipient> = {
    'ask-card': [{ kind: 'ask-card' }, CONTACTS],
    offer: [{ kind: 'offer', ids: [id] }, CONTACTS],
    envelope: [{ kind: 'envelope', id, envelope: EMPTY }, CONTACTS],
  }
  // Answers: they are heard on lanes this device opened, and nowhere else.
  const toSender: Kinds<ToSender> = {
    want: [{ kind: 'want', ids: [id], held: [] }, NOBODY],
    ack: [{ kind: 'ack', ids: [id] }, NOBODY],
    card: [{ kind: 'card', card: EMPTY }, NOBODY],
    refuse: [{ kind: 'refuse', id, reason: 'cannot-open', control: EMPTY }, NOBODY],
  }
  const helloFrames: Kinds<HelloFrame> = {
    hello: [hello, KNOWN],
    // Two that take each other for out both show what they know: so one of them learns that it is.
    unknown: [{ kind: 'unknown' }, [...KNOWN, 'suspended', 'unlinked']],
    log: [{ kind: 'log', account, entries: EMPTY }, KNOWN],
    card: [{ kind: 'card', card: EMPTY }, KNOWN],
    epochs: [{ kind: 'epochs', grants: [], head: new Uint8Array(32) }, KNOWN],
    out: [{ kind: 'out', entries: EMPTY }, KNOWN],
    done: [{ kind: 'done' }, KNOWN],
  }
  const recovery: Kinds<RecoveryFrame> = {
    offer: [{ kind: 'offer' }, CONTACTS],
    forget: [{ kind: 'forget' }, CONTACTS],
    // By a challenge: the root key has to be proved before anything is said (REC-20).
    ask: [{ kind: 'ask' }, EVERYBODY],
    want: [{ kind: 'want', above: 0 }, NOBODY],
    enough: [{ kind: 'enough' }, NOBODY],
    copy: [{ kind: 'copy', copy: EMPTY }, NOBODY],
    challenge: [{ kind: 'challenge', nonce: new Uint8Array(32) }, NOBODY],
    proof: [{ kind: 'proof', root: new Uint8Array(32), signature: new Uint8Array(64) }, NOBODY],
    unknown: [{ kind: 'unknown' }, NOBODY],
    account: [{ kind: 'account', account, own: account, name: 'Ada' }, NOBODY],
    log: [{ kind: 'log', account, entries: EMPTY }, NOBODY],
    done: [{ kind: 'done' }, NOBODY],
  }
  const numbers = [{ from: 1, to: 2 }]
  const { device } = at.phone
  const question = { authors: [{ device, numbers }] }
  const answer = { authors: [{ device, coming: numbers, past: [], absent: [] }] }
  /** Whatever the first frame is: no code and no invite is out, and the account log is for siblings. */
  const anything = (answered: Answered): readonly (readonly [string, Row])[] => [
    ['anything', { answered, bytes: Uint8Array.of(1) }],
  ]
  return {
    HELLO: rowsOf('', helloCodec, helloFrames),
    MESSAGE: [
      ...rowsOf('', toRecipientCodec, toRecipient),
      ...rowsOf('answer ', toSenderCodec, toSender),
    ],
    REPAIR: [
      ['question', { answered: CONTACTS, bytes: repairQuestionCodec.encode(question) }],
      ['answer', { answered: NOBODY, bytes: repairAnswerCodec.encode(answer) }],
    ],
    RECOVERY: rowsOf('', recoveryCodec, recovery),
    SYNC: anything(['own']),
    // By a refusal: who knows the secret of a code or of an invite may be anybody (LNK-9, CON-1).
    LINK: anything(EVERYBODY),
    JOIN: anything(EVERYBODY),
    CONTACT: anything(EVERYBODY),
    NEARBY: anything(NOBODY),
    // A device asks it of relays and answers it to nobody.
    RELAY: anything(NOBODY),
  } satisfies Record<keyof typeof PROTOCOLS, readonly (readonly [string, Row])[]>
}

/** Says one frame in a stream of its own, and whether anything was said to it. */
async function isAnswered(
  { sender, phone }: Stage,
  protocol: NetProtocol,
  bytes: Uint8Array,
): Promise<boolean> {
  const answers: Uint8Array[] = []
  try {
    const stream = await sender.net.open(phone.device, protocol)
    await stream.send(bytes)
    await stream.close()
    for await (const answer of stream.incoming) answers.push(answer)
  } catch {
    // Cut off, or not let in at all.
  }
  if (protocol !== HELLO) return answers.length > 0
  return answers.some((answer) => !['unknown', 'out'].includes(helloCodec.decode(answer).kind))
}

/** What a person would see change. */
async function stateOf({ phone, desk }: Stage): Promise<unknown> {
  return {
    devices: (await phone.devices.list()).map(({ device, state }) => [device, state]),
    contacts: await phone.contacts.list(),
    alerts: await phone.devices.alerts(),
    pending: (await phone.status()).pending,
    left: [(await phone.status()).left, (await desk.status()).left],
  }
}

describe('A5 A1 who is answered', () => {
  test.each(CLASSES)(
    'A5 SES-24 DEL-9 DEV-3 REC-20 HIS-1 every first frame by: %s',
    async (sender) => {
      const at = await createStage(sender)
      const before = await stateOf(at)
      for (const name of NAMES) {
        for (const [kind, { answered, bytes }] of rows(at, await helloOf(at))[name]) {
          const is = await isAnswered(at, PROTOCOLS[name], bytes)
          expect([name, kind, is]).toEqual([name, kind, answered.includes(sender)])
        }
      }
      expect(await stateOf(at)).toEqual(before)
    },
  )

  test('A5 every protocol has its rows', () => {
    expect(new Set<NetProtocol>(NAMES.map((name) => PROTOCOLS[name]))).toEqual(
      new Set(Object.values(declared)),
    )
  })
})
