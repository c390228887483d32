/** Everything that is sealed, into everything that opens: each opens where it belongs, and nowhere else (A4). */

import { readdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cannotOpenCodec,
  contentCodec,
  createRecoveryCopy,
  createSessionCipher,
  deriveAccountRoot,
  domainBytes,
  envelopeCodec,
  isKithError,
  messageIdOf,
  openLockbox,
  openRecoveryCopy,
  readRecoveryCopy,
  type Scope,
  sealLockbox,
  signCannotOpen,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openHomeKeyBox, sealHomeKey } from '../../packages/node/src/lock/home-key-seal.ts'
import { openSecret, sealSecret } from '../../packages/node/src/lock/home-secrets.ts'
import { wrapsCodec } from '../../packages/node/src/lock/wraps.ts'
import { storeKeyOf } from '../../packages/node/src/store/store-key.ts'
import { openValue, sealValue } from '../../packages/node/src/store/value-seal.ts'
import {
  INVITE_PURPOSES,
  JOIN_PURPOSES,
  LINK_PURPOSES,
  NEARBY_PURPOSES,
} from '../../packages/protocol/src/link/purposes.ts'
import {
  openContent,
  sealContent,
  sealedChannel,
} from '../../packages/protocol/src/link/sealed-channel.ts'
import {
  createCast,
  createSide,
  FRESHNESS,
  type Side,
  START,
} from '../../packages/protocol/test/session-cast.ts'
import { epochGrantCodec, openEpoch, sealEpoch } from '../../packages/sync/src/index.ts'
import { createEpoch, createEpochRing } from '../../packages/sync/src/log/epochs.ts'
import { recordCodec } from '../../packages/sync/src/log/record.ts'
import { createRecordSealer } from '../../packages/sync/src/log/seal.ts'
import { nativeCrypto } from '../../packages/sync/src/testing/native-crypto.ts'
import { filled, message } from './samples/parts.ts'

/** One kind of sealed bytes: an example, and the opener it is for. */
interface Sealed {
  /** Sources that seal it. */
  readonly by: readonly string[]
  readonly bytes: Uint8Array
  /** Whether it opens: undefined, false and a KithError are a no. Whoever opens keeps nothing. */
  readonly open: (bytes: Uint8Array) => unknown
}

const cast = await createCast()
const { environment, ada, ben, chat } = cast
const { primitives, rng } = environment
const now = START
const root = deriveAccountRoot(filled(16, 1))

/** All of them, with one set of keys: what keeps them apart is not that the keys differ. */
const KINDS: Readonly<Record<string, Sealed>> = {
  ...(await envelopes()),
  ...(await lockboxes()),
  ...channels(),
  ...(await accountLog()),
  ...(await home()),
}

test('A4 SES-8 SES-17 LNK-8 ALOG-3 STO-20 LOCK-1 what is sealed for one purpose opens for no other', async () => {
  const opened: string[] = []
  for (const [kind, { bytes }] of Object.entries(KINDS)) {
    for (const [opener, { open }] of Object.entries(KINDS)) {
      if (await isOpened(() => open(bytes))) opened.push(`${kind} by the opener of ${opener}`)
    }
  }
  expect(opened).toEqual(Object.keys(KINDS).map((kind) => `${kind} by the opener of ${kind}`))
})

/** Makes and wraps ciphers for others, or runs in a page, where the same formats are written. */
const NO_KIND_OF_ITS_OWN =
  /noble-primitives|\/compliance\/|aead\.|\.browser\.ts|store-key|delivery\/sessions|lockbox\.ts|hpke/

test('A4 every source that seals anything is among them', () => {
  const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
  const sealing = readdirSync(packages, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^\w+\/src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .filter(
      (file) => !NO_KIND_OF_ITS_OWN.test(file) && SEALS.test(readFileSync(packages + file, 'utf8')),
    )
    .map((file) => relative('.', file))
  const known = Object.values(KINDS).flatMap(({ by }) => by)
  expect(sealing.toSorted()).toEqual([...new Set(known)].toSorted())
})

/** A call of a cipher, and none in a comment. */
const SEALS =
  /^(?!\s*\*).*((xchacha20Poly1305|aes256Gcm|storeKey)\.seal\(|\.encrypt\(|sealLockbox\()/m

async function isOpened(open: () => unknown): Promise<boolean> {
  try {
    const outcome = await open()
    return outcome !== undefined && outcome !== false
  } catch (error) {
    if (isKithError(error)) return false
    throw error
  }
}

/** Contents on a new session and on one that was answered, and the word that something cannot be opened. */
async function envelopes(): Promise<Record<string, Sealed>> {
  const [adas, bens] = [createSide(ada, ben, cast), createSide(ben, ada, cast)]
  const by = ['protocol/src/session/message-seal.ts']
  const content = contentCodec.encode({
    chat,
    author: ada.own.party,
    seq: 1,
    parents: [],
    at: now,
    salt: filled(16, 2),
    body: { kind: 'text', text: 'hello' },
  })
  const sealed = async (plaintext: Uint8Array, scope: Scope): Promise<Uint8Array> => {
    const input = { plaintext, chat: scope, freshness: FRESHNESS }
    const sealing = await createSessionCipher(environment).seal(adas.set, input)
    if (sealing.kind !== 'sealed') throw new Error('a session was started')
    return sealing.step.into((set, envelope) => {
      adas.set = set
      return envelopeCodec.encode(envelope)
    })
  }
  const unopened = { by: ada.own.party, to: ben.own.party, message, ratchetKey: filled(32, 3) }
  const word = cannotOpenCodec.encode(await signCannotOpen(unopened, ada.signer))
  await adas.startAnew()
  const initial = await sealed(content, chat)
  await bens.hear(envelopeCodec.decode(initial))
  const unmet = createSide(ben, ada, cast).set
  await adas.hear(await bens.say('hi'))
  const ratchet = await sealed(content, chat)
  const control = await sealed(word, 'control')
  const openedBy =
    (side: Side, scope: Scope, kind: 'initial' | 'ratchet') => async (bytes: Uint8Array) => {
      const envelope = envelopeCodec.decode(bytes)
      const plaintext = await openedText(side.set, bytes)
      if (plaintext === undefined || envelope.chat !== scope || envelope.kind !== kind) return false
      return scope === 'control'
        ? cannotOpenCodec.decode(plaintext)
        : messageIdOf(contentText(plaintext))
    }
  const contentText = (plaintext: Uint8Array): Uint8Array => {
    contentCodec.decode(plaintext)
    return plaintext
  }
  const fresh = { ...bens, set: unmet }
  return {
    'first content of a session': { by, bytes: initial, open: openedBy(fresh, chat, 'initial') },
    'content of a session': { by, bytes: ratchet, open: openedBy(bens, chat, 'ratchet') },
    'control message': { by, bytes: control, open: openedBy(bens, 'control', 'ratchet') },
  }

  async function openedText(set: Side['set'], bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const input = { self: ben.own, prekeys: ben.prekeys, envelope: envelopeCodec.decode(bytes) }
    const opening = await createSessionCipher(environment).open(set, input)
    if (opening.kind !== 'opened') return undefined
    return opening.step.into((_, { plaintext }) => plaintext)
  }
}

/** Boxes of each purpose, as they are sent and bare; the bare ones all to one key. */
async function lockboxes(): Promise<Record<string, Sealed>> {
  const parties = {
    account: ben.own.party.account,
    giver: ada.own.party.device,
    recipient: ben.own.party.device,
  }
  const ring = await createEpochRing([createEpoch(rng, 1)], nativeCrypto)
  const grant = sealEpoch(ring.current(), { ...parties, card: ben.card, now }, rng)
  const copy = await createRecoveryCopy(
    {
      account: parties.account,
      contents: {
        log: filled(9, 4),
        epochs: filled(9, 5),
        data: filled(9, 6),
        people: [],
        places: [],
      },
      recoveryKey: root.recoveryPublicKey,
      signer: ada.signer,
      number: 1,
      madeAt: now,
    },
    rng,
  )
  const bare = (purpose: 'epoch grant' | 'recovery copy'): Sealed => {
    const context = { info: domainBytes(purpose), aad: filled(16, 7) }
    const to = root.recoveryPublicKey
    return {
      by: ['protocol/src/recovery/recovery-copy.ts', 'sync/src/log/epoch-grant.ts'],
      bytes: sealLockbox({ to, ...context, plaintext: filled(40, 8) }, rng),
      open: (lockbox) => openLockbox({ secret: root.recoverySecretKey, ...context, lockbox }),
    }
  }
  return {
    'epoch grant': {
      by: ['sync/src/log/epoch-grant.ts'],
      bytes: epochGrantCodec.encode(grant),
      open: (bytes) =>
        openEpoch(
          epochGrantCodec.decode(bytes),
          { ...parties, prekeys: ben.prekeys },
          nativeCrypto,
        ),
    },
    'recovery copy': {
      by: ['protocol/src/recovery/recovery-copy.ts'],
      bytes: copy,
      open: (bytes) => openRecoveryCopy(readRecoveryCopy(bytes), root.recoverySecretKey),
    },
    'box of an epoch grant': bare('epoch grant'),
    'box of a recovery copy': bare('recovery copy'),
  }
}

/** The first sealed message of every conversation of linking and inviting, in either direction. */
function channels(): Record<string, Sealed> {
  const secrets = { key: filled(32, 9), shared: filled(32, 10), transcript: filled(32, 11) }
  const conversations = {
    link: LINK_PURPOSES,
    join: JOIN_PURPOSES,
    nearby: NEARBY_PURPOSES,
    invite: INVITE_PURPOSES,
  }
  return Object.fromEntries(
    Object.entries(conversations).flatMap(([name, { seal: purpose }]) =>
      (['dialler', 'answerer'] as const).map((role) => {
        const end = sealedChannel({ ...secrets, purpose, role })
        const other = role === 'dialler' ? 'answerer' : 'dialler'
        const sealed: Sealed = {
          by: ['protocol/src/link/sealed-channel.ts'],
          bytes: sealContent(end, filled(20, 12), rng).send,
          open: (bytes) => {
            const receiver = sealedChannel({ ...secrets, purpose, role: other })
            return openContent(receiver, bytes, rng).kind === 'opened'
          },
        }
        return [`${name} message of the ${role}`, sealed]
      }),
    ),
  )
}

async function accountLog(): Promise<Record<string, Sealed>> {
  const epochs = await createEpochRing([createEpoch(rng, 1)], nativeCrypto)
  const sealer = createRecordSealer({
    account: ada.own.party.account,
    epochs,
    crypto: nativeCrypto,
  })
  const ofLane = async (lane: 'data' | 'messages'): Promise<Sealed> => {
    const place = { device: ada.own.party.device, lane, seq: 1 }
    const contents = [{ kind: 'update', body: filled(30, 13) }]
    const draft = { ...place, prev: filled(32, 0), contents }
    const { record } = await sealer.seal(draft, { signer: ada.signer, rng })
    return {
      by: ['sync/src/log/seal.ts'],
      bytes: recordCodec.encode(record),
      // As if what stands in one lane were served as another's.
      open: async (bytes) =>
        (await sealer.open({ ...recordCodec.decode(bytes), ...place })).kind === 'opened',
    }
  }
  return {
    'record of the data lane': await ofLane('data'),
    'record of the messages lane': await ofLane('messages'),
  }
}

/** What a device seals for itself: its home key, its secrets, and the values of its store. */
async function home(): Promise<Record<string, Sealed>> {
  const secret = filled(32, 14)
  const tools = { primitives, rng }
  const cost = { memoryKiB: 65_536, passes: 3, lanes: 1 }
  const box = new Uint8Array(92)
  const wraps = {
    passphrase: { kind: 'passphrase', salt: filled(16, 15), cost, sealed: box },
    keyring: { kind: 'keyring', name: 'kithmesh', sealed: box },
    passkey: { kind: 'passkey', credential: filled(8, 16), salt: filled(32, 17), sealed: box },
  } as const
  const kinds: Record<string, Sealed> = {}
  for (const [name, wrap] of Object.entries(wraps)) {
    const sealed = await sealHomeKey(filled(32, 18), { wrap, secret }, tools)
    kinds[`home key under a ${name}`] = {
      by: ['node/src/lock/home-key-seal.ts'],
      bytes: wrapsCodec.encode([sealed]),
      open: async (bytes) => {
        const [first] = wrapsCodec.decode(bytes)
        if (first === undefined) return false
        return openHomeKeyBox({ wrap: { ...wrap, sealed: first.sealed }, secret }, primitives)
      },
    }
  }
  for (const name of ['device-key', 'store-key']) {
    kinds[`secret ${name}`] = {
      by: ['node/src/lock/home-secrets.ts'],
      bytes: await sealSecret({ name, bytes: filled(32, 19), homeKey: secret }, tools),
      open: (sealed) => openSecret({ name, sealed, homeKey: secret }, primitives),
    }
  }
  const storeKey = await storeKeyOf(secret, primitives)
  for (const storedKey of [filled(20, 20), filled(20, 21)]) {
    const value = { plainKey: filled(4, 22), value: filled(30, 23) }
    kinds[`value under key ${storedKey[0]}`] = {
      by: ['node/src/store/value-seal.ts'],
      bytes: await sealValue(value, { storedKey, commit: 1 }, { storeKey, nonce: filled(12, 24) }),
      open: (stored) => openValue(stored, storedKey, storeKey),
    }
  }
  return kinds
}
