/** conversation.json: two devices from the first card to the last envelope, state by state. */

import { encodeHead } from '../../../src/envelope.ts'
import {
  createSessionCipher,
  createSessionSet,
  deviceCardCodec,
  domainBytes,
  type Envelope,
  envelopeCodec,
  isKithError,
  type OwnDevice,
  type PrekeySecrets,
  type Primitives,
  type Session,
  type SessionSet,
} from '../../../src/index.ts'
import { stepSending } from '../../../src/session/ratchet.ts'
import {
  bytesIn,
  type JsonObject,
  numberIn,
  objectFrom,
  objectIn,
  objectsIn,
  textIn,
} from '../json.ts'
import { environmentFor, listedRng, noted, type Operations, type Tools } from '../operation.ts'
import { keyPairIn, prekeysIn } from './agreement.ts'
import { partyIn } from './content.ts'
import { freshnessIn, scopeIn } from './envelope.ts'

type Name = 'ada' | 'ben'

/** One of the two devices. */
interface Device {
  readonly self: OwnDevice
  readonly prekeys: readonly PrekeySecrets[]
}

/** Where the conversation stands. */
interface Talk {
  readonly devices: Readonly<Record<Name, Device>>
  readonly sets: Readonly<Record<Name, SessionSet>>
  /** Encoded envelopes by the names of their steps. */
  readonly envelopes: ReadonlyMap<string, Uint8Array>
}

interface Moved {
  readonly talk: Talk
  readonly out: JsonObject
}

type Move = (talk: Talk, step: JsonObject, tools: Tools) => Promise<Moved>

/** Whole conversations. */
export const conversationOperations: Operations = {
  conversation: async (input, tools) => {
    let talk = await begun(input, tools.primitives)
    const steps: JsonObject[] = []
    for (const step of objectsIn(input, 'steps')) {
      const move = MOVES[textIn(step, 'do')]
      if (move === undefined) throw new Error('do: start, seal or open expected')
      const moved = await move(talk, step, tools)
      talk = moved.talk
      steps.push(moved.out)
    }
    return { steps }
  },
}

const MOVES: Readonly<Record<string, Move>> = { start, seal, open }

async function begun(input: JsonObject, primitives: Primitives): Promise<Talk> {
  const devices = {
    ada: await deviceIn(objectIn(input, 'ada'), primitives),
    ben: await deviceIn(objectIn(input, 'ben'), primitives),
  }
  const [ada, ben] = [devices.ada.self.party, devices.ben.self.party]
  const sets = {
    ada: createSessionSet({ self: ada, peer: ben }),
    ben: createSessionSet({ self: ben, peer: ada }),
  }
  return { devices, sets, envelopes: new Map() }
}

async function deviceIn(input: JsonObject, primitives: Primitives): Promise<Device> {
  const self = {
    party: partyIn(input),
    identityKey: await keyPairIn(input, 'identitySecret', primitives),
    card: deviceCardCodec.decode(bytesIn(input, 'card')),
  }
  return { self, prekeys: [await prekeysIn(objectIn(input, 'prekeys'), primitives)] }
}

/** From the peer's card; nothing is sent yet. */
async function start(talk: Talk, step: JsonObject, tools: Tools): Promise<Moved> {
  const by = nameIn(step)
  const peerCard = talk.devices[peerOf(by)].self.card
  const cipher = createSessionCipher(environmentFor(step, tools))
  const set = await cipher.start(talk.sets[by], { self: talk.devices[by].self, peerCard })
  const { ephemeralKey, binding, ratchet } = currentOf(set)
  return {
    talk: withSet(talk, by, set),
    out: objectFrom({ ephemeralKey, binding, rootKey: ratchet.rootKey }),
  }
}

async function seal(talk: Talk, step: JsonObject, tools: Tools): Promise<Moved> {
  const by = nameIn(step)
  const environment = environmentFor(step, tools)
  const { rng, drawn } = noted(environment.rng)
  const sealing = await createSessionCipher({ ...environment, rng }).seal(talk.sets[by], {
    plaintext: bytesIn(step, 'plaintext'),
    chat: scopeIn(step),
    freshness: freshnessIn(step),
  })
  if (sealing.kind !== 'sealed') return { talk, out: { kind: sealing.kind } }
  const again = { ...environment, rng: listedRng(drawn) }
  const keys = await stepSending(currentOf(talk.sets[by]).ratchet, again)
  return sealing.step.into((set, envelope) => {
    const encoded = envelopeCodec.encode(envelope)
    const envelopes = new Map(talk.envelopes).set(textIn(step, 'envelope'), encoded)
    const { binding, ratchet } = currentOf(set)
    return {
      talk: { ...withSet(talk, by, set), envelopes },
      out: objectFrom({
        rootKey: ratchet.rootKey,
        messageKey: keys?.messageKey,
        nextChainKey: ratchet.sending?.key,
        associatedData: associatedDataOf(binding, envelope),
        envelope: encoded,
      }),
    }
  })
}

async function open(talk: Talk, step: JsonObject, tools: Tools): Promise<Moved> {
  const by = nameIn(step)
  const { self, prekeys } = talk.devices[by]
  const envelope = decoded(arriving(talk, step))
  if ('kind' in envelope && envelope.kind === 'refused') return { talk, out: objectFrom(envelope) }
  const cipher = createSessionCipher(environmentFor(step, tools))
  const opening = await cipher.open(talk.sets[by], { self, prekeys, envelope })
  if (opening.kind !== 'opened') return { talk, out: objectFrom(opening) }
  return opening.step.into((set, message) => ({
    talk: withSet(talk, by, set),
    out: objectFrom({ kind: 'opened', rootKey: currentOf(set).ratchet.rootKey, ...message }),
  }))
}

/** The envelope of a seal step, with one byte of it changed if `flip` says so. */
function arriving(talk: Talk, step: JsonObject): Uint8Array {
  const sent = talk.envelopes.get(textIn(step, 'envelope'))
  if (sent === undefined) throw new Error('envelope: one that was sealed expected')
  if (step['flip'] === undefined) return sent
  const flip = objectIn(step, 'flip')
  const at = numberIn(flip, 'at')
  const changed = Uint8Array.from(sent)
  changed[at] = (sent[at] ?? 0) ^ numberIn(flip, 'xor')
  return changed
}

function decoded(
  bytes: Uint8Array,
): Envelope | { readonly kind: 'refused'; readonly code: string } {
  try {
    return envelopeCodec.decode(bytes)
  } catch (error) {
    if (isKithError(error)) return { kind: 'refused', code: error.code }
    throw error
  }
}

/** SES-8, in the words of the specification. */
function associatedDataOf(binding: Uint8Array, envelope: Envelope): Uint8Array {
  const { suite: _suite, message: _message, ...head } = envelope
  return domainBytes('session associated data', binding, encodeHead(head))
}

function currentOf({ sessions: [current] }: SessionSet): Session {
  if (current === undefined) throw new Error('a session expected')
  return current
}

function withSet(talk: Talk, by: Name, set: SessionSet): Talk {
  return { ...talk, sets: { ...talk.sets, [by]: set } }
}

function nameIn(step: JsonObject): Name {
  const by = textIn(step, 'by')
  if (by === 'ada' || by === 'ben') return by
  throw new Error('by: ada or ben expected')
}

function peerOf(name: Name): Name {
  return name === 'ada' ? 'ben' : 'ada'
}
