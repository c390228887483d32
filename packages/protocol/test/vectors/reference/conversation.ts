/**
 * The two operations with steps, by the reference. It follows what is sent; of what arrives it says the
 * plaintext or the key where it is whole and new, and leaves the rest to the code under test.
 */

import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import {
  bytesIn,
  fromHex,
  type JsonObject,
  numberIn,
  objectFrom,
  objectIn,
  objectsIn,
  textIn,
  textsIn,
  toHex,
} from '../json.ts'
import type { Operations } from '../operation.ts'
import { agree, publicKeyOf, sealXChaCha } from './algorithms.ts'
import { cbor, domain, type Item, idBytes } from './bytes.ts'
import {
  agreementKeys,
  begin,
  bindingOf,
  headerItem,
  type ReferenceSession,
  sealKeys,
  speak,
} from './session.ts'

/** Both operations with steps. */
export const referenceConversations: Operations = {
  'ratchet-exchange': (input) => {
    const sharedKey = bytesIn(input, 'sharedKey')
    let session = begin(sharedKey, 'responder', bytesIn(input, 'prekeySecret'))
    const keys = new Map<string, string>()
    const follow = (step: JsonObject): JsonObject => {
      if (step['message'] === undefined) return {}
      const message = textIn(step, 'message')
      if (textIn(step, 'do') === 'receive') return takenOnce(keys, message)
      const by = textIn(step, 'by')
      const to = by === 'initiator' ? 'responder' : 'initiator'
      const { session: next, ...spoken } = speak(session, { by, to }, drawnIn(step))
      session = next
      keys.set(message, toHex(spoken.messageKey))
      return objectFrom(spoken)
    }
    return { steps: objectsIn(input, 'steps').map(follow) }
  },
  conversation: (input) => {
    const follow = createFollower(input)
    return { steps: objectsIn(input, 'steps').map(follow) }
  },
}

function takenOnce(keys: Map<string, string>, message: string): JsonObject {
  const messageKey = keys.get(message)
  keys.delete(message)
  return messageKey === undefined ? {} : { kind: 'key', messageKey }
}

/** One session as both sides have it. */
interface Running {
  readonly state: ReferenceSession
  readonly initiator: string
  readonly agreement: Item
  readonly binding: Uint8Array
  /** The initiator has opened something on it. */
  readonly isAnswered: boolean
}

interface Sent {
  readonly session: string
  readonly by: string
  readonly plaintext: string
}

/** Follows a conversation step by step. */
function createFollower(devices: JsonObject): (step: JsonObject) => JsonObject {
  const sessions = new Map<string, Running>()
  const current = new Map<string, string>()
  const onTheWay = new Map<string, Sent>()

  function start(by: string, step: JsonObject): JsonObject {
    const { key, running, sharedKey } = startedBy(by, devices, drawnIn(step))
    sessions.set(toHex(key), running)
    current.set(by, toHex(key))
    return objectFrom({ ephemeralKey: key, binding: running.binding, rootKey: sharedKey })
  }

  function seal(by: string, step: JsonObject): JsonObject {
    const id = current.get(by)
    const running = id === undefined ? undefined : sessions.get(id)
    if (id === undefined || running === undefined) return { kind: 'no-session' }
    const drawn = drawnIn(step)
    const spoken = speak(running.state, { by, to: peerOf(by) }, drawn)
    sessions.set(id, { ...running, state: spoken.session })
    onTheWay.set(textIn(step, 'envelope'), {
      session: id,
      by,
      plaintext: textIn(step, 'plaintext'),
    })
    const { rootKey } = spoken.session
    const { header, messageKey, nextChainKey } = spoken
    const head = headItem({ by, devices, running, step, header: headerItem(header) })
    const sealed = sealedUnder({ messageKey, binding: running.binding, head, step, drawn })
    return objectFrom({ rootKey, messageKey, nextChainKey, ...sealed })
  }

  function open(by: string, step: JsonObject): JsonObject {
    const name = textIn(step, 'envelope')
    const sent = onTheWay.get(name)
    const running = sent && sessions.get(sent.session)
    if (!sent || !running || sent.by === by || step['flip'] !== undefined) return {}
    onTheWay.delete(name)
    current.set(by, sent.session)
    const isAnswered = running.isAnswered || by === running.initiator
    sessions.set(sent.session, { ...running, isAnswered })
    return { kind: 'opened', plaintext: sent.plaintext }
  }

  return (step) => {
    const by = textIn(step, 'by')
    switch (textIn(step, 'do')) {
      case 'start':
        return start(by, step)
      case 'seal':
        return seal(by, step)
      default:
        return open(by, step)
    }
  }
}

function startedBy(by: string, devices: JsonObject, drawn: readonly Uint8Array[]) {
  const [own, peer] = [objectIn(devices, by), objectIn(devices, peerOf(by))]
  const [ephemeral = NONE, kemRandomness = NONE] = drawn
  const card = cardParts(bytesIn(peer, 'card'))
  const kem = ml_kem768.encapsulate(card.kemPrekey, kemRandomness)
  const sharedKey = agreementKeys([
    agree(bytesIn(own, 'identitySecret'), card.prekey),
    agree(ephemeral, card.identityKey),
    agree(ephemeral, card.prekey),
    kem.sharedSecret,
  ])
  const key = publicKeyOf('x25519', ephemeral)
  const prekeys = objectIn(peer, 'prekeys')
  const { identityKey } = cardParts(bytesIn(own, 'card'))
  const running: Running = {
    state: begin(sharedKey, peerOf(by), bytesIn(prekeys, 'prekeySecret')),
    initiator: by,
    agreement: [bytesIn(own, 'card'), key, numberIn(prekeys, 'number'), kem.cipherText],
    binding: bindingOf(identityKey, card.identityKey, card.kemPrekey),
    isAnswered: false,
  }
  return { key, running, sharedKey }
}

/** Everything of an envelope but the message (SES-8). */
function headItem(parts: {
  readonly by: string
  readonly devices: JsonObject
  readonly running: Running
  readonly step: JsonObject
  readonly header: Item
}): Item {
  const { by, devices, running, step, header } = parts
  const freshness = objectIn(step, 'freshness')
  const chat = textIn(step, 'chat')
  const fields = [
    partyItem(objectIn(devices, by)),
    partyItem(objectIn(devices, peerOf(by))),
    chat === 'control' ? NONE : idBytes(chat),
    [bytesIn(freshness, 'sender'), bytesIn(freshness, 'recipient')],
    header,
  ]
  const isInitial = by === running.initiator && !running.isAnswered
  return isInitial ? ['initial', [...fields, running.agreement]] : ['ratchet', fields]
}

function sealedUnder(parts: {
  readonly messageKey: Uint8Array
  readonly binding: Uint8Array
  readonly head: Item
  readonly step: JsonObject
  readonly drawn: readonly Uint8Array[]
}) {
  const { messageKey, binding, head, step, drawn } = parts
  const nonce = drawn.at(-1) ?? NONE
  const associatedData = domain('session associated data', binding, cbor([1, head]))
  const { key, commitment } = sealKeys(messageKey, nonce, associatedData)
  const bytes = bytesIn(step, 'plaintext')
  const sealed = sealXChaCha({ key, nonce, bytes, associatedData })
  return { associatedData, envelope: cbor([1, head, [nonce, commitment, sealed]]) }
}

function partyItem(device: JsonObject): Item {
  return [idBytes(textIn(device, 'account')), idBytes(textIn(device, 'device'))]
}

/** The keys of a card: its first fields have fixed lengths (SES-2). */
export function cardParts(card: Uint8Array) {
  return {
    identityKey: card.slice(38, 70),
    prekey: card.slice(72, 104),
    kemPrekey: card.slice(107, 107 + 1184),
  }
}

/** What was drawn in a case or step. */
export function drawnIn(step: JsonObject): readonly Uint8Array[] {
  return step['randomness'] === undefined ? [] : textsIn(step, 'randomness').map(fromHex)
}

function peerOf(name: string): string {
  return name === 'ada' ? 'ben' : 'ada'
}

const NONE = new Uint8Array()
