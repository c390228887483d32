import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  deriveAccountRoot,
  deviceIdFromPublicKey,
  domainBytes,
  signerFromSeed,
} from '../../../src/index.ts'
import { createAuthor, outOf } from '../author.ts'
import { fromHex, type JsonObject, textIn, toHex } from '../json.ts'
import type { VectorCase, VectorFile } from '../vector-file.ts'
import { DAY, flipped, START, type VectorCast } from './cast.ts'

/** Each kind of entry, and the state after each. */
export async function logVectors({ ada }: VectorCast): Promise<VectorFile> {
  const { makes, refuses, hex } = createAuthor('log')
  const root = deriveAccountRoot(fromHex(ada.entropy))
  const rootSeed = toHex(rootSeedOf(fromHex(ada.entropy)))
  const phone = { device: ada.device, seed: ada.deviceSeed }
  const [laptop, tablet, desk, spare] = [0, 1, 2, 3].map(() => member(hex(32)))
  if (!laptop || !tablet || !desk || !spare) throw new Error('four devices')
  const { account } = ada
  const write = (name: string, entry: JsonObject) => makes(name, 'write-entry', entry)
  const genesis = await write('genesis', {
    kind: 'genesis',
    root: ada.rootKey,
    recoveryKey: toHex(root.recoveryPublicKey),
    device: phone.device,
    at: START,
    signerSeed: rootSeed,
    deviceSeed: phone.seed,
  })
  const by = (author: Owner, prev: VectorCase, at: number): JsonObject => ({
    account,
    author: author.device,
    prev: entryOf(prev),
    signerSeed: author.seed,
    at: START + at,
  })
  const add = (name: string, chain: JsonObject, taken: Owner, more: JsonObject = {}) =>
    write(name, {
      kind: 'add',
      ...chain,
      device: taken.device,
      deviceSeed: taken.seed,
      link: true,
      historyAt: 0,
      ...more,
    })
  const addLaptop = await add('add', by(phone, genesis, 1), laptop)
  const addTablet = await add(
    'add, with an expiry and without the right to link',
    by(laptop, addLaptop, 2),
    tablet,
    {
      link: false,
      expiresAt: START + DAY,
    },
  )
  const addDesk = await add('a second add', by(phone, addLaptop, 3), desk)
  const suspend = await write('suspend', {
    kind: 'suspend',
    ...by(desk, addDesk, 3),
    target: entryOf(addLaptop),
    reason: 'lost',
  })
  const readmit = await write('readmit', {
    kind: 'readmit',
    ...by(phone, addDesk, 4),
    target: entryOf(addLaptop),
    answers: [entryOf(suspend)],
  })
  const leave = await write('leave', { kind: 'leave', ...by(tablet, addTablet, 5) })
  const revoke = await write('revoke', {
    kind: 'revoke',
    ...by(phone, readmit, 6),
    target: entryOf(addLaptop),
  })
  const recover = await write('recover', {
    kind: 'recover',
    account,
    prev: entryOf(genesis),
    number: 1,
    device: spare.device,
    keep: [{ device: phone.device, link: true }],
    at: START + 7,
    signerSeed: rootSeed,
    deviceSeed: spare.seed,
  })
  const written = [genesis, addLaptop, addTablet, addDesk, suspend, readmit, leave, revoke, recover]
  const encoded = written.map(encodedOf)
  const reduce = (name: string, entries: readonly string[], now = START) =>
    makes(name, 'reduce-log', { account, entries, now })
  const states = await Promise.all(
    encoded.map((_, at) =>
      reduce(`after ${at + 1}: ${written[at]?.name ?? ''}`, encoded.slice(0, at + 1)),
    ),
  )
  const [ofGenesis = '', ofLaptop = '', ofTablet = '', ofDesk = '', ofSuspend = ''] = encoded
  return {
    about: 'Entries of a device log, and what a set of entries comes to.',
    groups: [
      { name: 'writing', rules: ['LOG-1', 'LOG-2', 'LOG-3', 'ID-9'], cases: written },
      {
        name: 'reading',
        rules: ['LOG-1', 'ID-4'],
        cases: await Promise.all(
          written.map((one) => makes(one.name, 'read-entry', { encoded: encodedOf(one) })),
        ),
      },
      {
        name: 'the state of a set',
        rules: ['LOG-4', 'LOG-5', 'LOG-7', 'LOG-8', 'LOG-9', 'LOG-13', 'LOG-14'],
        cases: states,
      },
      {
        name: 'in whatever order, and what does not count',
        rules: ['LOG-2', 'LOG-6', 'LOG-9', 'LOG-10', 'LOG-11'],
        cases: [
          await reduce('the other way round', encoded.toReversed()),
          await reduce('a predecessor missing', [ofGenesis, ofTablet]),
          await reduce('a signature changed', [
            ofGenesis,
            ofLaptop,
            ofDesk,
            flipped(ofSuspend, -3),
          ]),
          await reduce('a device that has expired', [ofGenesis, ofLaptop, ofTablet], START + DAY),
          await reduce('two entries after one', [
            ofGenesis,
            ofLaptop,
            encodedOf(await add('another add', by(phone, genesis, 9), tablet)),
          ]),
        ],
      },
      {
        name: 'refused',
        rules: ['LOG-1', 'ID-4', 'ID-9'],
        cases: [
          await refuses(
            'no genesis',
            'reduce-log',
            { account, entries: [ofLaptop], now: START },
            'ERR_LOG_GENESIS',
          ),
          await refuses(
            'cut short',
            'read-entry',
            { encoded: ofLaptop.slice(0, -2) },
            'ERR_MALFORMED',
          ),
          await refuses(
            'a later suite',
            'read-entry',
            { encoded: ofSuspend.replace('820167', '820267').replace('82018267', '82028267') },
            'ERR_SUITE_UNKNOWN',
          ),
        ],
      },
    ],
  }
}

/** The seed of the root key (ID-7), which the implementation keeps to itself. */
function rootSeedOf(entropy: Uint8Array): Uint8Array {
  return hkdf(sha256, entropy, undefined, domainBytes('root key'), 32)
}

interface Owner {
  readonly device: string
  readonly seed: string
}

function member(seed: string): Owner {
  return { device: deviceIdFromPublicKey(signerFromSeed(fromHex(seed)).publicKey), seed }
}

function entryOf(one: VectorCase): string {
  return textIn(outOf(one), 'entry')
}

function encodedOf(one: VectorCase): string {
  return textIn(outOf(one), 'encoded')
}
