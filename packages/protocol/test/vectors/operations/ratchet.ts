/** ratchet.json: headers and keys of both sides, over turns and the post-quantum exchange (SES-12, SES-30 …). */

import { KithError, type Primitives, type SessionEnvironment } from '../../../src/index.ts'
import {
  initiatorRatchet,
  type Ratchet,
  type RatchetHeader,
  responderRatchet,
  settleReceiving,
  stepReceiving,
  stepSending,
} from '../../../src/session/ratchet.ts'
import {
  bytesIn,
  type JsonObject,
  numberIn,
  objectFrom,
  objectIn,
  objectsIn,
  textIn,
  toHex,
} from '../json.ts'
import { environmentFor, noted, type Operations } from '../operation.ts'
import { keyPairIn } from './agreement.ts'
import { headerIn } from './envelope.ts'

/** Both sides, and the headers that are on their way. */
interface Exchange {
  readonly initiator: Ratchet
  readonly responder: Ratchet
  readonly headers: ReadonlyMap<string, RatchetHeader>
}

interface Moved {
  readonly exchange: Exchange
  readonly out: JsonObject
}

/** Both sides of one ratchet. */
export const ratchetOperations: Operations = {
  'ratchet-exchange': async (input, tools) => {
    let exchange = await started(input, tools.primitives)
    const steps: JsonObject[] = []
    for (const step of objectsIn(input, 'steps')) {
      const environment = environmentFor(step, tools)
      const move = textIn(step, 'do') === 'send' ? send : receive
      const moved = await move(exchange, step, environment)
      exchange = moved.exchange
      steps.push(moved.out)
    }
    return { steps }
  },
}

async function started(input: JsonObject, primitives: Primitives): Promise<Exchange> {
  const prekey = await keyPairIn(input, 'prekeySecret', primitives)
  const start = { sharedKey: bytesIn(input, 'sharedKey'), at: numberIn(input, 'now') }
  return {
    initiator: initiatorRatchet({ ...start, prekey: prekey.publicKey }),
    responder: responderRatchet({ ...start, prekey }),
    headers: new Map(),
  }
}

async function send(
  exchange: Exchange,
  step: JsonObject,
  environment: SessionEnvironment,
): Promise<Moved> {
  const by = sideIn(step)
  const before = exchange[by]
  const { rng, drawn } = noted(environment.rng)
  const made = await stepSending(before, { ...environment, rng })
  if (made === undefined) throw new KithError('ERR_SESSION_STATE', 'it cannot send yet')
  const { ratchet, header, messageKey } = made
  const headers = new Map(exchange.headers).set(textIn(step, 'message'), header)
  return {
    exchange: { ...exchange, [by]: ratchet, headers },
    out: {
      header: objectFrom(header),
      ...(before.sending === undefined && (await sendingTurn(before, ratchet, drawn, environment))),
      messageKey: toHex(messageKey),
      nextChainKey: toHex(ratchet.sending?.key ?? NONE),
    },
  }
}

/** The secrets of a turn of who sends: DH of its new key, and the KEM secret if it answered an offer. */
async function sendingTurn(
  before: Ratchet,
  after: Ratchet,
  drawn: readonly Uint8Array[],
  { primitives }: SessionEnvironment,
): Promise<JsonObject> {
  const { x25519, mlKem768 } = primitives
  const [secretKey = NONE, kemRandomness = NONE] = drawn
  const offered = before.pq.toAnswer
  const kem = offered === undefined ? undefined : await mlKem768.encapsulate(offered, kemRandomness)
  return turnJson({
    dh: await x25519.agree(secretKey, before.theirs ?? NONE),
    kemSecret: kem?.sharedSecret,
    rootKey: after.rootKey,
  })
}

async function receive(
  exchange: Exchange,
  step: JsonObject,
  environment: SessionEnvironment,
): Promise<Moved> {
  const by = sideIn(step)
  const before = exchange[by]
  const header = arriving(exchange, step)
  const taken = await stepReceiving(before, header, environment)
  if (taken.kind !== 'key') return { exchange, out: objectFrom(taken) }
  const { messageKey } = taken
  const ratchet = await settleReceiving(taken, environment.primitives)
  const hasTurned = toHex(ratchet.rootKey) !== toHex(before.rootKey)
  return {
    exchange: { ...exchange, [by]: ratchet },
    out: {
      kind: 'key',
      ...(hasTurned && (await receivingTurn(before, ratchet, header, environment))),
      messageKey: toHex(messageKey),
      skippedKeys: ratchet.skipped.length,
    },
  }
}

/** The header of a message that was sent, or one that nobody sent. */
function arriving({ headers }: Exchange, step: JsonObject): RatchetHeader {
  if (step['header'] !== undefined) return headerIn(objectIn(step, 'header'))
  const header = headers.get(textIn(step, 'message'))
  if (header === undefined) throw new Error('message: one that was sent expected')
  return header
}

async function receivingTurn(
  before: Ratchet,
  after: Ratchet,
  { ratchetKey, pq }: RatchetHeader,
  { primitives }: SessionEnvironment,
): Promise<JsonObject> {
  const { x25519, mlKem768 } = primitives
  const seed = before.pq.offered?.secretKey
  const isAnswered = pq?.kind === 'answer' && seed !== undefined
  return turnJson({
    dh: await x25519.agree(before.ours?.secretKey ?? NONE, ratchetKey),
    kemSecret: isAnswered ? await mlKem768.decapsulate(seed, pq.ciphertext) : undefined,
    rootKey: after.rootKey,
  })
}

function turnJson(secrets: {
  readonly dh: Uint8Array
  readonly kemSecret: Uint8Array | undefined
  readonly rootKey: Uint8Array
}): JsonObject {
  return { turn: objectFrom(secrets) }
}

function sideIn(step: JsonObject): 'initiator' | 'responder' {
  const by = textIn(step, 'by')
  if (by === 'initiator' || by === 'responder') return by
  throw new Error('by: a side expected')
}

const NONE = new Uint8Array()
