import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  accountIdFromBytes,
  type DeviceId,
  deviceIdFromPublicKey,
  entryIdFromBytes,
  publicKeyOfDevice,
} from '../ids.ts'
import { domainBytes } from './domain.ts'
import { type Signer, signerFromSeed } from './keys.ts'
import {
  countersignAdd,
  createGenesis,
  createLeave,
  createReadmit,
  createRecover,
  createRevoke,
  createSuspend,
  draftAdd,
  signAdd,
} from './log-authoring.ts'
import { type ReadEntry, readEntry, signatureFault } from './log-check.ts'
import {
  accountIdOfGenesis,
  type EntryBody,
  entryBodyCodec,
  entryIdOfBody,
  keptPlaceId,
  type SignedEntry,
} from './log-entry.ts'

const signerOf = (number: number): Signer => signerFromSeed(new Uint8Array(32).fill(number))
const idOf = ({ publicKey }: Signer): DeviceId => deviceIdFromPublicKey(publicKey)

/** The neutral element; with R the neutral element and s = 0 every signature under it holds (ZIP-215). */
const VOID_KEY = new Uint8Array(32).fill(1, 0, 1)
const VOID_SIGNATURE = new Uint8Array(64).fill(1, 0, 1)
const anyone: Signer = { publicKey: VOID_KEY, sign: async () => VOID_SIGNATURE }

const KINDS = ['genesis', 'recover', 'add', 'revoke', 'suspend', 'leave', 'readmit'] as const
type Kind = EntryBody['kind']

/** One good entry of each kind: of a phone, which takes in a laptop. */
async function goodEntries(cast: {
  readonly root: Signer
  readonly phone: Signer
  readonly laptop: Signer
}) {
  const { root, phone, laptop } = cast
  const recoveryKey = new Uint8Array(1216)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const place = entryIdOfBody(genesis.body)
  const own = { account, author: idOf(phone), prev: place, at: 2 }
  const added = { ...own, device: idOf(laptop), rights: { link: true }, historyAt: 0 }
  const body = draftAdd(added)
  const kept = [{ device: idOf(laptop), rights: { link: true } }]
  const recovery = { account, genesis: place, root, number: 1, keep: kept, at: 3 }
  const entries: Readonly<Record<Kind, SignedEntry>> = {
    genesis,
    recover: await createRecover({ ...recovery, device: phone }),
    add: await signAdd(body, phone, await countersignAdd(body, laptop)),
    revoke: await createRevoke({ ...own, target: place }, phone),
    suspend: await createSuspend({ ...own, target: place, reason: 'idle' }, phone),
    leave: await createLeave(own, phone),
    readmit: await createReadmit({ ...own, target: place, answers: [place] }, phone),
  }
  return { account, entries }
}

const cast = { root: signerOf(1), phone: signerOf(2), laptop: signerOf(3) }
let good: Awaited<ReturnType<typeof goodEntries>>
beforeEach(async () => {
  good = await goodEntries(cast)
})

const faultOf = (signed: SignedEntry): string | undefined =>
  signatureFault(readEntry(good.account, signed), cast.root.publicKey)
const bent = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))

describe('LOG-2: each kind of entry is signed by who has to sign it', () => {
  test.each(KINDS)('a %s', (kind) => {
    const entry = good.entries[kind]
    expect(entryBodyCodec.decode(entry.body).kind).toBe(kind)
    expect(faultOf(entry)).toBeUndefined()
    expect(faultOf({ ...entry, signature: bent(entry.signature) })).toBe('ERR_SIGNATURE')
  })

  test.each(['genesis', 'recover', 'add'] as const)('a %s, by whom it takes in too', (kind) => {
    const { countersignature = VOID_SIGNATURE, ...alone } = good.entries[kind]
    expect(faultOf(alone)).toBe('ERR_SIGNATURE')
    expect(faultOf({ ...alone, countersignature: bent(countersignature) })).toBe('ERR_SIGNATURE')
  })

  test.each(['revoke', 'suspend', 'leave', 'readmit'] as const)('a %s, by nobody else', (kind) => {
    const entry = good.entries[kind]
    expect(faultOf({ ...entry, countersignature: entry.signature })).toBe('ERR_MALFORMED')
  })

  test('a recover by the root, and by nobody while no root is known', () => {
    const read = readEntry(good.account, good.entries.recover)
    expect(signatureFault(read, undefined)).toBe('ERR_SIGNATURE')
    expect(signatureFault(read, cast.phone.publicKey)).toBe('ERR_SIGNATURE')
  })

  test.each(KINDS)('A3: a %s signed for another purpose is refused', async (kind) => {
    const entry = good.entries[kind]
    const signer = kind === 'genesis' || kind === 'recover' ? cast.root : cast.phone
    const signature = await signer.sign(domainBytes('link proof', entry.body))
    expect(faultOf({ ...entry, signature })).toBe('ERR_SIGNATURE')
  })
})

describe('ID-6: a key that verifiers disagree about comes in by no entry', () => {
  const voidId = idOf(anyone)
  const withBody = (kind: Kind, change: (body: EntryBody) => EntryBody): ReadEntry => {
    const body = entryBodyCodec.encode(change(entryBodyCodec.decode(good.entries[kind].body)))
    const signed = { body, signature: VOID_SIGNATURE, countersignature: VOID_SIGNATURE }
    return { id: entryIdOfBody(body), signed, body: entryBodyCodec.decode(body) }
  }

  test('as the root of a genesis', () => {
    const entry = withBody('genesis', (body) => ({ ...body, root: VOID_KEY, device: voidId }))
    expect(signatureFault(entry, undefined)).toBe('ERR_KEY_REFUSED')
  })

  test('as the first device of a genesis', async () => {
    const { entries, account } = await goodEntries({ ...cast, phone: anyone })
    expect(signatureFault(readEntry(account, entries.genesis), undefined)).toBe('ERR_KEY_REFUSED')
  })

  test('as the first device of a recover, or one it keeps', async () => {
    const { root, phone } = cast
    const genesis = entryIdOfBody(good.entries.genesis.body)
    const rights = { link: true }
    const draft = { account: good.account, genesis, root, number: 1, at: 3 }
    const first = await createRecover({ ...draft, device: anyone, keep: [] })
    const keep = [cast.laptop, anyone].map((signer) => ({ device: idOf(signer), rights }))
    const kept = await createRecover({ ...draft, device: phone, keep })
    expect([faultOf(first), faultOf(kept)]).toEqual(['ERR_KEY_REFUSED', 'ERR_KEY_REFUSED'])
  })

  test('as a device that is added', () => {
    const body = entryBodyCodec.decode(good.entries.add.body)
    if (body.kind !== 'add') throw new Error('an add')
    const entry = withBody('add', () => ({ ...body, author: voidId, device: voidId }))
    expect(signatureFault(entry, undefined)).toBe('ERR_KEY_REFUSED')
  })
})

describe('ids, by their definition', () => {
  const hash = (purpose: string, ...parts: readonly Uint8Array[]): Uint8Array => {
    const sum = createHash('sha256').update(`kith/v1/${purpose}\0`)
    for (const part of parts) sum.update(part)
    return Uint8Array.from(sum.digest())
  }

  test('LOG-1: of an entry and of an account', () => {
    const { body } = good.entries.genesis
    expect(entryIdOfBody(body)).toBe(entryIdFromBytes(hash('entry id', body)))
    expect(good.account).toBe(accountIdFromBytes(hash('account id', body)))
  })

  test('LOG-3: of the place of a device that a recover kept', () => {
    const { body } = good.entries.recover
    const device = idOf(cast.laptop)
    const place = hash('kept place', hash('entry id', body), publicKeyOfDevice(device))
    expect(keptPlaceId(entryIdOfBody(body), device)).toBe(entryIdFromBytes(place))
  })
})
