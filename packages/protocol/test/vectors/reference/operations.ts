/** The operations of vectors once more: on node:crypto, and from docs/spec instead of from the code. */

import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import {
  bytesIn,
  fromHex,
  isObject,
  type JsonObject,
  numberIn,
  objectIn,
  objectsIn,
  textIn,
  textsIn,
  toHex,
} from '../json.ts'
import type { Operations } from '../operation.ts'
import {
  agree,
  hkdf,
  openXChaCha,
  publicKeyOf,
  sealXChaCha,
  sha256,
  sha512,
  shake256,
  signEd25519,
} from './algorithms.ts'
import { cbor, domain, type Item, idBytes, idText, joined } from './bytes.ts'
import { cardParts, drawnIn, referenceConversations } from './conversation.ts'
import { referenceLockboxes } from './lockbox.ts'
import { agreementKeys, bindingOf, headerItem, sealKeys } from './session.ts'

/** Not every operation, and of some not every value. */
export const referenceOperations: Operations = {
  ...referenceConversations,
  ...referenceLockboxes,
  'domain-bytes': (input) => ({
    bytes: toHex(domain(textIn(input, 'purpose'), ...textsIn(input, 'parts').map(fromHex))),
  }),
  'id-to-text': (input) => ({ text: idText(textIn(input, 'kind'), bytesIn(input, 'bytes')) }),
  'direct-chat-id': (input) => {
    const ids = [textIn(input, 'one'), textIn(input, 'other')].map(idBytes).sort(Buffer.compare)
    return { chat: idText('chat', sha256(domain('direct chat id', ...ids))) }
  },
  'account-id': (input) => ({
    account: idText('account', sha256(domain('account id', bytesIn(input, 'genesisBody')))),
  }),
  'account-root': (input) => {
    const derived = (purpose: string) =>
      hkdf({ secret: bytesIn(input, 'entropy'), info: domain(purpose), length: 32 })
    const recovery = derived('recovery key')
    return {
      rootKey: toHex(publicKeyOf('ed25519', derived('root key'))),
      recoverySecretKey: toHex(recovery),
      recoveryPublicKey: toHex(xWingKeyOf(recovery)),
    }
  },
  'make-card': (input) => cardOf(input, numberIn(input, 'number'), drawnIn(input)),
  'make-one-time-card': (input) => {
    const [number = NONE, ...prekeys] = drawnIn(input)
    const drawn = number.reduce((sum, byte) => sum * 256 + byte, 0)
    return cardOf(input, 2 ** 32 + drawn, prekeys, 10 * 60_000)
  },
  'initiate-agreement': (input) => {
    const [ephemeral = NONE, kemRandomness = NONE] = drawnIn(input)
    const peer = cardParts(bytesIn(input, 'peerCard'))
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(peer.kemPrekey, kemRandomness)
    const identity = bytesIn(input, 'identitySecret')
    const secrets = [
      agree(identity, peer.prekey),
      agree(ephemeral, peer.identityKey),
      agree(ephemeral, peer.prekey),
      sharedSecret,
    ]
    const own = publicKeyOf('x25519', identity)
    return {
      ephemeralKey: toHex(publicKeyOf('x25519', ephemeral)),
      kemCiphertext: toHex(cipherText),
      ...agreedJson(secrets, bindingOf(own, peer.identityKey, peer.kemPrekey)),
    }
  },
  'accept-agreement': (input) => {
    const agreement = bytesIn(input, 'agreement')
    // [card, ephemeral key, number, ciphertext], the card behind three bytes and the ciphertext last.
    const length = ((agreement[2] ?? 0) << 8) | (agreement[3] ?? 0)
    const { identityKey: initiator } = cardParts(agreement.slice(4, 4 + length))
    const ephemeral = agreement.slice(6 + length, 38 + length)
    const prekeys = objectIn(input, 'prekeys')
    const kem = ml_kem768.keygen(bytesIn(prekeys, 'kemPrekeySeed'))
    const [identity, prekey] = [bytesIn(input, 'identitySecret'), bytesIn(prekeys, 'prekeySecret')]
    const secrets = [
      agree(prekey, initiator),
      agree(identity, ephemeral),
      agree(prekey, ephemeral),
      ml_kem768.decapsulate(agreement.slice(-1088), kem.secretKey),
    ]
    const own = publicKeyOf('x25519', identity)
    return agreedJson(secrets, bindingOf(initiator, own, kem.publicKey))
  },
  'seal-message': (input) => {
    const [nonce = NONE] = drawnIn(input)
    const associatedData = bytesIn(input, 'associatedData')
    const { key, commitment } = sealKeys(bytesIn(input, 'messageKey'), nonce, associatedData)
    const bytes = bytesIn(input, 'plaintext')
    const sealed = sealXChaCha({ key, nonce, bytes, associatedData })
    return hexes({ key, nonce, commitment, sealed })
  },
  'open-message': (input) => {
    const nonce = bytesIn(input, 'nonce')
    const associatedData = bytesIn(input, 'associatedData')
    const { key } = sealKeys(bytesIn(input, 'messageKey'), nonce, associatedData)
    const bytes = bytesIn(input, 'sealed')
    return hexes({ plaintext: openXChaCha({ key, nonce, bytes, associatedData }) })
  },
  'write-content': (input) => {
    const encoded = cbor(contentItem(input))
    const id = sha256(domain('message id', encoded)).slice(0, 16)
    return { encoded: toHex(encoded), message: idText('message', id) }
  },
  'write-envelope': (input) => {
    const head = headItem(input)
    const message = objectIn(input, 'message')
    const sealed = ['nonce', 'commitment', 'sealed'].map((name) => bytesIn(message, name))
    return hexes({ head: cbor([1, head]), encoded: cbor([1, head, sealed]) })
  },
  'sign-cannot-open': (input) => {
    const fields: readonly Item[] = [
      1,
      partyItem(objectIn(input, 'by')),
      partyItem(objectIn(input, 'to')),
      idBytes(textIn(input, 'message')),
      bytesIn(input, 'ratchetKey'),
    ]
    const signed = domain('cannot open', cbor(fields))
    const signature = signEd25519(bytesIn(input, 'deviceSeed'), signed)
    return hexes({ signature, encoded: cbor([...fields, signature]) })
  },
  'write-entry': (input) => {
    const body = cbor([1, [textIn(input, 'kind'), entryItem(input)]])
    const purpose = { genesis: 'root', recover: 'recovery' }[textIn(input, 'kind')] ?? 'entry'
    const signature = signEd25519(
      bytesIn(input, 'signerSeed'),
      domain(`device log ${purpose}`, body),
    )
    const countersignature =
      input['deviceSeed'] === undefined
        ? null
        : signEd25519(bytesIn(input, 'deviceSeed'), domain(COUNTERSIGNED, body))
    return {
      entry: idText('entry', sha256(domain('entry id', body))),
      ...hexes({ body, signature, encoded: cbor([body, signature, countersignature]) }),
    }
  },
  'security-code': (input) => {
    const sides = ['own', 'theirs'].map((side) => fingerprintOf(objectIn(input, side)))
    const [own = NONE, theirs = NONE] = sides
    const digits = sides.map(digitsOf).sort().join('')
    return { ...hexes({ own, theirs }), digits }
  },
}

const COUNTERSIGNED = 'device log countersignature'

/** The fields of an entry in their order; `link` stands as the record of rights. */
function entryItem(input: JsonObject): Item {
  const rights = (of: JsonObject): Item => [of['link'] === true]
  const id = (name: string): Item => idBytes(textIn(input, name))
  const at = numberIn(input, 'at')
  const { expiresAt } = input
  switch (textIn(input, 'kind')) {
    case 'genesis':
      return [bytesIn(input, 'root'), bytesIn(input, 'recoveryKey'), id('device'), at]
    case 'recover': {
      const kept = objectsIn(input, 'keep').map(
        (one): Item => [idBytes(textIn(one, 'device')), rights(one)],
      )
      return [id('account'), id('prev'), numberIn(input, 'number'), id('device'), kept, at]
    }
    case 'add': {
      const until = expiresAt === undefined ? null : numberIn(input, 'expiresAt')
      const added = [id('device'), rights(input), numberIn(input, 'historyAt'), until]
      return [id('account'), id('author'), id('prev'), ...added, at]
    }
    case 'leave':
      return [id('account'), id('author'), id('prev'), at]
    case 'suspend':
      return [id('account'), id('author'), id('prev'), id('target'), textIn(input, 'reason'), at]
    case 'readmit': {
      const answers = textsIn(input, 'answers').map(idBytes)
      return [id('account'), id('author'), id('prev'), id('target'), answers, at]
    }
    default:
      return [id('account'), id('author'), id('prev'), id('target'), at]
  }
}

function hexes(values: Readonly<Record<string, Uint8Array>>): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([name, bytes]) => [name, toHex(bytes)]))
}

function agreedJson(secrets: readonly Uint8Array[], binding: Uint8Array): JsonObject {
  const [dh1 = NONE, dh2 = NONE, dh3 = NONE, kemSecret = NONE] = secrets
  return hexes({ dh1, dh2, dh3, kemSecret, sharedKey: agreementKeys(secrets), binding })
}

function cardOf(
  input: JsonObject,
  number: number,
  [prekey = NONE, kemSeed = NONE]: readonly Uint8Array[],
  life = 37 * 86_400_000,
): JsonObject {
  const seed = bytesIn(input, 'deviceSeed')
  const createdAt = numberIn(input, 'now')
  const fields: readonly Item[] = [
    1,
    publicKeyOf('ed25519', seed),
    publicKeyOf('x25519', bytesIn(input, 'identitySecret')),
    publicKeyOf('x25519', prekey),
    ml_kem768.keygen(kemSeed).publicKey,
    number,
    createdAt,
    createdAt + life,
  ]
  const signed = domain('device card', cbor(fields))
  const signature = signEd25519(seed, signed)
  return { number, ...hexes({ signed, signature, encoded: cbor([...fields, signature]) }) }
}

/** X-Wing (draft-connolly-cfrg-xwing-kem §5.2): both halves of a seed, the public key of ML-KEM first. */
function xWingKeyOf(seed: Uint8Array): Uint8Array {
  const expanded = shake256(seed, 96)
  const { publicKey } = ml_kem768.keygen(expanded.slice(0, 64))
  return joined(publicKey, publicKeyOf('x25519', expanded.slice(64)))
}

function contentItem(input: JsonObject): Item {
  const body = objectIn(input, 'body')
  const kind = textIn(body, 'kind')
  const said = kind === 'text' ? textIn(body, 'text') : textsIn(body, 'messages').map(idBytes)
  return [
    idBytes(textIn(input, 'chat')),
    partyItem(objectIn(input, 'author')),
    numberIn(input, 'seq'),
    textsIn(input, 'parents').map(idBytes),
    numberIn(input, 'at'),
    bytesIn(input, 'salt'),
    [kind, [said]],
  ]
}

function headItem(input: JsonObject): Item {
  const [freshness, chat] = [objectIn(input, 'freshness'), textIn(input, 'chat')]
  const fields = [
    partyItem(objectIn(input, 'sender')),
    partyItem(objectIn(input, 'recipient')),
    chat === 'control' ? NONE : idBytes(chat),
    [bytesIn(freshness, 'sender'), bytesIn(freshness, 'recipient')],
    givenHeader(objectIn(input, 'header')),
  ]
  const { agreement } = input
  if (!isObject(agreement)) return ['ratchet', fields]
  const { prekeyNumber } = agreement
  const card = bytesIn(agreement, 'card')
  const [key, kem] = ['ephemeralKey', 'kemCiphertext'].map((name) => bytesIn(agreement, name))
  const started: Item = [card, key ?? NONE, Number(prekeyNumber), kem ?? NONE]
  return ['initial', [...fields, started]]
}

function givenHeader(header: JsonObject): Item {
  const { pq } = header
  const said = {
    ratchetKey: bytesIn(header, 'ratchetKey'),
    previousLength: numberIn(header, 'previousLength'),
    number: numberIn(header, 'number'),
  }
  if (!isObject(pq)) return headerItem(said)
  return textIn(pq, 'kind') === 'offer'
    ? headerItem({ ...said, pq: { kind: 'offer', key: bytesIn(pq, 'key') } })
    : headerItem({ ...said, pq: { kind: 'answer', ciphertext: bytesIn(pq, 'ciphertext') } })
}

function partyItem(party: JsonObject): Item {
  return [idBytes(textIn(party, 'account')), idBytes(textIn(party, 'device'))]
}

/** ID-10. */
function fingerprintOf(side: JsonObject): Uint8Array {
  const [key, account] = [bytesIn(side, 'rootKey'), idBytes(textIn(side, 'account'))]
  let hash = sha512(Uint8Array.of(0, 0), key, account, key)
  for (let round = 1; round < 5200; round += 1) hash = sha512(hash, key)
  return hash.slice(0, 32)
}

function digitsOf(fingerprint: Uint8Array): string {
  const view = Buffer.from(fingerprint)
  const groups = [0, 5, 10, 15, 20, 25].map((at) => view.readUIntBE(at, 5) % 100_000)
  return groups.map((group) => String(group).padStart(5, '0')).join('')
}

const NONE = new Uint8Array()
