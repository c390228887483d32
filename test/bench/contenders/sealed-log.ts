import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import * as Y from 'yjs'
import type { Archive, ArchiveShape, Contender } from './contender.ts'

/** What end-to-end encrypted Yjs does as a rule: every update is sealed and signed by itself, and kept so. */
export const sealedLog: Contender = { archive: logArchive }

/** The floor: how it stands now, in one sealed snapshot in Yjs's tightest encoding, and nothing of how it came to be. */
export const snapshot: Contender = { archive: snapshotArchive }

function logArchive(): Archive {
  let log: readonly Uint8Array[] = []
  return {
    fill: async (shape) => {
      log = edited(shape).updates.map(sealSigned)
      return log.reduce((sum, { length }) => sum + length, 0)
    },
    load: async () => {
      const doc = new Y.Doc()
      for (const entry of log) Y.applyUpdate(doc, open(proved(entry)))
      return { contacts: doc.getMap(MAP).size, close: async () => undefined }
    },
  }
}

function snapshotArchive(): Archive {
  let sealed = new Uint8Array()
  return {
    fill: async (shape) => {
      sealed = seal(Y.encodeStateAsUpdateV2(withoutPast(edited(shape).doc)))
      return sealed.length
    },
    load: async () => {
      const doc = new Y.Doc()
      Y.applyUpdateV2(doc, open(sealed))
      return { contacts: doc.getMap(MAP).size, close: async () => undefined }
    },
  }
}

const MAP = 'contacts'

/** Every second edit renames a contact; the others set a star, or take it away. */
function edited({ contacts, edits }: ArchiveShape): {
  readonly doc: Y.Doc
  readonly updates: readonly Uint8Array[]
} {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const map = doc.getMap<Y.Map<string | boolean>>(MAP)
  doc.transact(() => {
    for (let index = 0; index < contacts; index++) {
      const contact = new Y.Map<string | boolean>()
      contact.set('name', `Contact ${index}`)
      contact.set('starred', false)
      map.set(`k${index}`, contact)
    }
  })
  for (let n = 0; n < edits; n++) {
    const contact = map.get(`k${(n * 31) % contacts}`)
    if (n % 2 === 0) contact?.set('name', `Name ${n}`)
    else contact?.set('starred', n % 4 === 1)
  }
  return { doc, updates }
}

function withoutPast(doc: Y.Doc): Y.Doc {
  const fresh = new Y.Doc()
  const map = fresh.getMap<Y.Map<unknown>>(MAP)
  fresh.transact(() => {
    for (const [name, contact] of doc.getMap<Y.Map<unknown>>(MAP)) {
      map.set(name, new Y.Map(contact.entries()))
    }
  })
  return fresh
}

const key = randomBytes(32)
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SIGNATURE_BYTES = 64

function seal(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = [nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]
  return Uint8Array.from(Buffer.concat(sealed))
}

function open(sealed: Uint8Array): Uint8Array {
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, end))
  decipher.final()
  return plain
}

function sealSigned(update: Uint8Array): Uint8Array {
  const sealed = seal(update)
  return Uint8Array.from(Buffer.concat([sealed, sign(null, sealed, privateKey)]))
}

function proved(entry: Uint8Array): Uint8Array {
  const end = entry.length - SIGNATURE_BYTES
  const sealed = entry.subarray(0, end)
  if (!verify(null, sealed, publicKey, entry.subarray(end))) throw new Error('not signed')
  return sealed
}
