import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto'
import {
  type AccountId,
  accountIdFromBytes,
  type Clock,
  type MessageId,
  messageIdFromBytes,
  type Rng,
  type Signer,
} from '@kithmesh/protocol'
import {
  type AccountReplica,
  createAccountData,
  createEpoch,
  createEpochRing,
  createMemoryAccountLogStore,
  newClientId,
  openAccountReplica,
  type RecordCrypto,
  recordCodec,
} from '@kithmesh/sync'
import { nodePrimitives } from '../../../packages/node/src/primitives.node.ts'
import type { Archive } from './contender.ts'

/**
 * Ours: account data in its log of sealed and signed records, which compacts itself. The store keeps them in memory,
 * since what is asked is what the log costs and not what the disk does.
 */
export function kithmeshArchive(): Archive {
  const store = createMemoryAccountLogStore()
  const signer = nativeSigner()
  const account = accountIdFromBytes(rng.bytes(32))
  const epochs = createEpochRing([createEpoch(rng, 1)], crypto)

  async function open(): Promise<AccountReplica> {
    return openAccountReplica({
      data: createAccountData({ clientId: newClientId(rng), clock }),
      account,
      signer,
      epochs: await epochs,
      store,
      rng,
      crypto,
      clock,
      scheduler,
      mayWrite: () => true,
      isSibling: () => true,
    })
  }

  return {
    fill: async ({ contacts, edits }) => {
      const replica = await open()
      const { data } = replica
      const known = Array.from({ length: contacts }, (_, index) => accountNumber(index))
      data.batch(() => {
        for (const [index, contact] of known.entries()) {
          data.contacts.set(contact, { name: `Contact ${index}`, addedAt: index })
        }
      })
      for (let n = 0; n < edits; n++) {
        editOne(replica, n, contacts)
        // A person's edits are hours apart: each is a record of its own.
        await replica.flush()
      }
      await replica.close()
      let bytes = 0
      for (const lane of await store.lanes()) {
        for (const { from, to } of lane.stored) {
          for await (const record of store.read({ ...lane, from, to })) {
            bytes += recordCodec.encode(record).length
          }
        }
      }
      return bytes
    },
    load: async () => {
      const replica = await open()
      const contacts = replica.data.contacts.list().length
      return { contacts, close: replica.close }
    },
  }
}

/** Every second one renames a contact; the others set a star, or take it away. */
function editOne({ data }: AccountReplica, n: number, contacts: number): void {
  const thing = (n * 31) % contacts
  if (n % 2 === 0) data.contacts.rename(accountNumber(thing), `Name ${n}`)
  else if (n % 4 === 1) data.starred.add(messageNumber(thing), n)
  else data.starred.remove(messageNumber(thing))
}

const accountNumber = (number: number): AccountId => accountIdFromBytes(numbered(number))
const messageNumber = (number: number): MessageId =>
  messageIdFromBytes(numbered(number).subarray(0, MESSAGE_ID_BYTES))
const MESSAGE_ID_BYTES = 16

/** Ids are hashes: nothing about them can be packed. */
function numbered(number: number): Uint8Array {
  return createHash('sha256').update(String(number)).digest()
}

function nativeSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const { x = '' } = createPublicKey(pem).export({ format: 'jwk' })
  const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return {
    publicKey: Uint8Array.from(Buffer.from(x, 'base64url')),
    sign: async (bytes) => Uint8Array.from(sign(null, bytes, key)),
  }
}

const rng: Rng = { bytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)) }
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
const scheduler = {
  schedule: (ms: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
/** What a device has in Node. */
const crypto: RecordCrypto = {
  sha256: nodePrimitives.sha256,
  hkdfSha256: nodePrimitives.hkdfSha256,
  aes256Gcm: nodePrimitives.aes256Gcm,
  verify: (publicKey, bytes, signature) =>
    nodePrimitives.verifyEd25519({ publicKey, bytes, signature }),
}
