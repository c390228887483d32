import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import { type DeviceId, deviceIdFromPublicKey, type EntryId } from '../ids.ts'
import {
  type DeviceLogState,
  devicesIn,
  lastEntryOf,
  mergeDeviceLogs,
  reduceDeviceLog,
  restoreDeviceLog,
} from './device-log.ts'
import { domainBytes } from './domain.ts'
import { forkProofCodec, readForkProof, verifyForkProof } from './fork-proof.ts'
import { type Signer, signerFromSeed } from './keys.ts'
import { countersignAdd, createGenesis, createRevoke, draftAdd, signAdd } from './log-authoring.ts'
import {
  type AddBody,
  accountIdOfGenesis,
  deviceLogCodec,
  entryBodyCodec,
  entryIdOfBody,
  type SignedEntry,
} from './log-entry.ts'

/** Ada's phone makes the account, takes in her laptop; the laptop takes in her tablet. */
async function adasLog() {
  const [root, phone, laptop, tablet] = [1, 2, 3, 4].map(signerOf)
  if (!root || !phone || !laptop || !tablet) throw new Error('four signers')
  const recoveryKey = new Uint8Array(1216).fill(1)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const empty = reduceDeviceLog(account, [genesis])
  const withLaptop = await take(empty, phone, laptop)
  const withTablet = await take(withLaptop, laptop, tablet)
  return { account, root, phone, laptop, tablet, genesis, empty, withLaptop, withTablet }
}

function signerOf(number: number): Signer {
  return signerFromSeed(new Uint8Array(32).fill(number))
}

const idOf = (signer: Signer): DeviceId => deviceIdFromPublicKey(signer.publicKey)

async function addOf(
  state: DeviceLogState,
  author: Signer,
  device: Signer,
  changes: Partial<AddBody> = {},
): Promise<SignedEntry> {
  const body = draftAdd({
    account: state.account,
    author: idOf(author),
    prev: state.devices.has(idOf(author)) ? lastEntryOf(state, idOf(author)) : firstEntry(state),
    device: idOf(device),
    rights: { link: true },
    historyAt: 2,
    at: 2,
    ...changes,
  })
  return signAdd(body, author, await countersignAdd(body, device))
}

async function take(
  state: DeviceLogState,
  author: Signer,
  device: Signer,
  changes: Partial<AddBody> = {},
): Promise<DeviceLogState> {
  return mergeDeviceLogs(state, [await addOf(state, author, device, changes)])
}

async function revokeOf(
  state: DeviceLogState,
  author: Signer,
  target: EntryId,
): Promise<SignedEntry> {
  const prev = lastEntryOf(state, idOf(author))
  return createRevoke({ account: state.account, author: idOf(author), prev, target, at: 3 }, author)
}

function firstEntry(state: DeviceLogState): EntryId {
  const [genesis] = state.entries
  if (genesis === undefined) throw new Error('a log has a genesis')
  return entryIdOfBody(genesis.body)
}

const addedBy = (state: DeviceLogState, device: Signer): EntryId => {
  const standing = state.devices.get(idOf(device))
  if (standing === undefined) throw new Error('not in the log')
  return standing.addedBy
}

const states = (state: DeviceLogState, ...devices: readonly Signer[]): readonly string[] =>
  devices.map((device) => state.devices.get(idOf(device))?.state ?? 'unknown')

const refusals = (state: DeviceLogState, entry: SignedEntry): readonly string[] =>
  state.refused.filter(({ id }) => id === entryIdOfBody(entry.body)).map(({ reason }) => reason)

describe('LOG the story of an account', () => {
  test('LOG-4 any device with the link right takes in another', async () => {
    const { account, withTablet, phone, laptop, tablet } = await adasLog()
    expect(states(withTablet, phone, laptop, tablet)).toEqual(['in', 'in', 'in'])
    expect(withTablet.first).toBe(idOf(phone))
    expect(withTablet.account).toBe(account)
    expect(withTablet.devices.get(idOf(tablet))).toMatchObject({
      depth: 2,
      historyAt: 2,
      rights: { link: true },
    })
    expect(withTablet.refused).toEqual([])
  })

  test('LOG-5 a revoked device is out, with all it took in', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const revoke = await revokeOf(withTablet, phone, addedBy(withTablet, laptop))
    const after = mergeDeviceLogs(withTablet, [revoke])
    expect(states(after, phone, laptop, tablet)).toEqual(['in', 'revoked', 'unknown'])
    expect(devicesIn(after, { now: 0 }).map(({ device }) => device)).toEqual([idOf(phone)])
  })

  test('LOG-5 what a revoked device took in comes back by a fresh add, its own key does not', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const revoke = await revokeOf(withTablet, phone, addedBy(withTablet, laptop))
    const after = mergeDeviceLogs(withTablet, [revoke])
    const again = await take(await take(after, phone, tablet), phone, laptop)
    expect(states(again, phone, laptop, tablet)).toEqual(['in', 'suspended', 'in'])
  })

  test('LOG-11 a device with an expiry is in until then', async () => {
    const { empty, phone, laptop } = await adasLog()
    const state = await take(empty, phone, laptop, { expiresAt: 1000 })
    const namesAt = (now: number) => devicesIn(state, { now }).map(({ device }) => device)
    expect(namesAt(999)).toEqual([idOf(phone), idOf(laptop)])
    expect(namesAt(1000)).toEqual([idOf(phone)])
  })

  test('LOG-8 the first 8 are in, the ninth is held and comes in when one goes', async () => {
    const { empty, phone } = await adasLog()
    const others = [11, 12, 13, 14, 15, 16, 17, 18].map(signerOf)
    let state = empty
    for (const device of others) state = await take(state, phone, device)
    expect(states(state, ...others)).toEqual([...Array(7).fill('in'), 'held'])
    const [gone] = others
    if (gone === undefined) throw new Error('eight others')
    const after = mergeDeviceLogs(state, [await revokeOf(state, phone, addedBy(state, gone))])
    expect(states(after, ...others)).toEqual(['revoked', ...Array(7).fill('in')])
  })

  test('LOG-8 every parent has its n-th child in before any has one more', async () => {
    const { empty, phone } = await adasLog()
    const [a, b, a1, a2, a3, a4, b1, b2] = [21, 22, 23, 24, 25, 26, 27, 28].map(signerOf)
    if (!a || !b || !a1 || !a2 || !a3 || !a4 || !b1 || !b2) throw new Error('eight signers')
    let state = await take(await take(empty, phone, a), phone, b)
    for (const child of [a1, a2, a3, a4]) state = await take(state, a, child)
    for (const child of [b1, b2]) state = await take(state, b, child)
    expect(states(state, a, b, a1, b1, a2, b2, a3, a4)).toEqual([...Array(7).fill('in'), 'held'])
  })

  test('LOG-9 a log sent and read again is the same log', async () => {
    const { account, withTablet } = await adasLog()
    const bytes = deviceLogCodec.encode(withTablet.entries)
    const read = reduceDeviceLog(account, deviceLogCodec.decode(bytes))
    expect(read).toEqual(withTablet)
  })

  test('LOG-2 a merge of what is known verifies nothing and changes nothing', async () => {
    const { withTablet } = await adasLog()
    const unverified = withTablet.entries.map((entry) => ({
      ...entry,
      signature: new Uint8Array(64),
    }))
    expect(mergeDeviceLogs(withTablet, unverified)).toBe(withTablet)
  })

  test('LOG-2 nor does a merge of what is known to be refused', async () => {
    const { withTablet, phone, tablet } = await adasLog()
    const entry = await revokeOf(withTablet, tablet, firstEntry(withTablet))
    const state = mergeDeviceLogs(withTablet, [
      entry,
      await revokeOf(withTablet, tablet, addedBy(withTablet, phone)),
    ])
    expect(state.refused.length).toBeGreaterThan(0)
    expect(mergeDeviceLogs(state, state.entries)).toBe(state)
  })

  test('LOG-5 a revoke changes the state also when what it drops was refused before', async () => {
    const { withLaptop, phone, laptop } = await adasLog()
    const before = mergeDeviceLogs(withLaptop, [
      await revokeOf(withLaptop, laptop, firstEntry(withLaptop)),
    ])
    expect(before.refused.map(({ reason }) => reason)).toEqual(['ERR_ENTRY_RIGHT'])
    const revoke = await revokeOf(before, phone, addedBy(before, laptop))
    const after = mergeDeviceLogs(before, [revoke])
    expect(after.entries).toHaveLength(before.entries.length)
    expect(states(after, phone, laptop)).toEqual(['in', 'revoked'])
  })

  test('LOG-9 what decides nothing yet is kept: its target may still come', async () => {
    const { withTablet, phone, laptop } = await adasLog()
    const later = await addOf(withTablet, laptop, signerOf(9))
    const revoke = await revokeOf(withTablet, phone, entryIdOfBody(later.body))
    const early = mergeDeviceLogs(withTablet, [revoke])
    expect(early.head).toEqual(withTablet.head)
    expect(early.entries).toHaveLength(withTablet.entries.length + 1)
    expect(states(mergeDeviceLogs(early, [later]), signerOf(9))).toEqual(['revoked'])
  })

  test('LOG-3 nobody outside of the log has a last entry', async () => {
    const { withLaptop, laptop, tablet } = await adasLog()
    expect(lastEntryOf(withLaptop, idOf(laptop))).toBe(addedBy(withLaptop, laptop))
    expect(codeOf(() => lastEntryOf(withLaptop, idOf(tablet)))).toBe('ERR_ENTRY_AUTHOR')
  })

  test('LOG-3 an entry waits for its predecessor', async () => {
    const { empty, withTablet, tablet } = await adasLog()
    const [, ofLaptop, ofTablet] = withTablet.entries
    if (!ofLaptop || !ofTablet) throw new Error('two adds')
    const waiting = mergeDeviceLogs(empty, [ofTablet])
    expect(states(waiting, tablet)).toEqual(['unknown'])
    expect(waiting.refused).toEqual([])
    expect(mergeDeviceLogs(waiting, [ofLaptop])).toEqual(withTablet)
  })

  test('LOG-1 a log without the genesis of the account is none', async () => {
    const { account, withTablet } = await adasLog()
    expect(codeOf(() => reduceDeviceLog(account, withTablet.entries.slice(1)))).toBe(
      'ERR_LOG_GENESIS',
    )
  })
})

describe('LOG-6 forks', () => {
  async function forkedLog() {
    const cast = await adasLog()
    const { withTablet, laptop } = cast
    const [one, other] = [21, 22].map(signerOf)
    if (!one || !other) throw new Error('two signers')
    const branches = [await addOf(withTablet, laptop, one), await addOf(withTablet, laptop, other)]
    return { ...cast, one, other, branches, forked: mergeDeviceLogs(withTablet, branches) }
  }

  test('behind two entries with one predecessor no add counts; what came before stays', async () => {
    const { forked, branches, phone, laptop, tablet, one, other } = await forkedLog()
    expect(states(forked, phone, laptop, tablet, one, other)).toEqual([
      'in',
      'in',
      'in',
      'unknown',
      'unknown',
    ])
    for (const branch of branches) expect(refusals(forked, branch)).toEqual(['ERR_ENTRY_FORK'])
    const later = await addOf(forked, laptop, one)
    expect(refusals(mergeDeviceLogs(forked, [later]), later)).toEqual(['ERR_ENTRY_FORK'])
  })

  test('a revoke behind a fork counts', async () => {
    const { forked, laptop, tablet } = await forkedLog()
    const revoke = await revokeOf(forked, laptop, addedBy(forked, tablet))
    expect(states(mergeDeviceLogs(forked, [revoke]), tablet)).toEqual(['revoked'])
  })

  test('the proof can be exported, and no other passes for one', async () => {
    const { forked, laptop, account } = await forkedLog()
    const [proof] = forked.forks
    if (proof === undefined) throw new Error('a fork')
    expect(proof).toMatchObject({ account, device: idOf(laptop) })
    const exported = forkProofCodec.decode(forkProofCodec.encode(proof))
    expect(exported).toEqual(proof)
    expect(verifyForkProof(exported)).toBe(true)
    expect(verifyForkProof({ ...proof, other: proof.one })).toBe(false)
    const later = mergeDeviceLogs(forked, [await addOf(forked, laptop, signerOf(23))])
    const other = later.entries.at(-1) ?? proof.other
    expect(entryBodyCodec.decode(other.body)).toMatchObject({ author: idOf(laptop) })
    expect(verifyForkProof({ ...proof, other })).toBe(false)
    expect(verifyForkProof({ ...proof, device: forked.first })).toBe(false)
    expect(verifyForkProof({ ...proof, one: bentEntry(proof.one, 'signature', 9) })).toBe(false)
  })

  test('the proof is read from a file, and says whether it holds', async () => {
    const { forked, genesis, withTablet } = await forkedLog()
    const [proof] = forked.forks
    if (proof === undefined) throw new Error('a fork')
    expect(readForkProof(forkProofCodec.encode(proof))).toEqual({ proof, holds: true })
    const bent = { ...proof, one: bentEntry(proof.one, 'signature', 9) }
    expect(readForkProof(forkProofCodec.encode(bent))).toEqual({ proof: bent, holds: false })
    expect(readForkProof(deviceLogCodec.encode(withTablet.entries))).toBeUndefined()
    const unreadable = { ...proof, one: { ...proof.one, body: Uint8Array.of(1) } }
    expect(verifyForkProof(unreadable)).toBe(false)
    expect(verifyForkProof({ ...proof, other: genesis })).toBe(false)
  })

  test('a fork changes the head, so that siblings exchange it', async () => {
    const { withTablet, branches, forked } = await forkedLog()
    const [one] = branches
    if (one === undefined) throw new Error('two branches')
    const half = mergeDeviceLogs(withTablet, [one])
    expect(half.head).not.toEqual(forked.head)
    expect(mergeDeviceLogs(half, branches).head).toEqual(forked.head)
  })
})

describe('A1 nobody adds a device but a device of the account that may', () => {
  test('a device without the link right cannot', async () => {
    const { empty, phone, laptop, tablet } = await adasLog()
    const state = await take(empty, phone, laptop, { rights: { link: false } })
    const ghost = await addOf(state, laptop, tablet)
    const after = mergeDeviceLogs(state, [ghost])
    expect(refusals(after, ghost)).toEqual(['ERR_ENTRY_RIGHT'])
    expect(states(after, tablet)).toEqual(['unknown'])
  })

  test.each([
    ['at the genesis', (state: DeviceLogState) => firstEntry(state)],
    [
      'behind the last entry of a device',
      (state: DeviceLogState) => lastEntryOf(state, state.first),
    ],
  ])('a member of another account cannot, %s', async (_, prev) => {
    const { withTablet } = await adasLog()
    const [stranger, ghost] = [31, 32].map(signerOf)
    if (!stranger || !ghost) throw new Error('two signers')
    const entry = await addOf(withTablet, stranger, ghost, { prev: prev(withTablet) })
    const after = mergeDeviceLogs(withTablet, [entry])
    expect(refusals(after, entry)).toEqual(['ERR_ENTRY_AUTHOR'])
    expect(after.devices).toEqual(withTablet.devices)
    expect(after.head).toEqual(withTablet.head)
    expect(after.entries).toEqual(withTablet.entries)
  })

  test('a relay with a key of its own cannot speak for a device', async () => {
    const { withTablet, phone } = await adasLog()
    const [relay, ghost] = [33, 34].map(signerOf)
    if (!relay || !ghost) throw new Error('two signers')
    const honest = await addOf(withTablet, phone, ghost)
    const forged = {
      ...honest,
      signature: await relay.sign(domainBytes('device log entry', honest.body)),
    }
    const after = mergeDeviceLogs(withTablet, [forged])
    expect(refusals(after, forged)).toEqual(['ERR_SIGNATURE'])
    expect(after.devices).toEqual(withTablet.devices)
    // And the forged copy does not stand in the way of the real one.
    expect(states(mergeDeviceLogs(after, [forged, honest]), ghost)).toEqual(['in'])
  })

  test('LOG-4 a device does not take in itself or an ancestor', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    for (const device of [tablet, laptop, phone]) {
      const entry = await addOf(withTablet, tablet, device)
      const after = mergeDeviceLogs(withTablet, [entry])
      expect(refusals(after, entry)).toEqual(['ERR_ENTRY_CYCLE'])
      expect([...after.devices.keys()].sort()).toEqual([...withTablet.devices.keys()].sort())
    }
  })
})

describe('A8 A9 what a revoked device or its subtree signs does not count', () => {
  test('back-dated, repeated, revoking back, or through a device it takes in', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const ghost = signerOf(41)
    const after = mergeDeviceLogs(withTablet, [
      await revokeOf(withTablet, phone, addedBy(withTablet, laptop)),
    ])
    const injected = [
      await addOf(withTablet, laptop, ghost),
      await addOf(withTablet, laptop, ghost, { prev: addedBy(withTablet, laptop), at: 0 }),
      await addOf(withTablet, tablet, ghost),
      await revokeOf(withTablet, laptop, firstEntry(withTablet)),
      await revokeOf(withTablet, tablet, addedBy(withTablet, laptop)),
    ]
    const attacked = mergeDeviceLogs(after, injected)
    expect(attacked.devices).toEqual(after.devices)
    expect(attacked.head).toEqual(after.head)
    expect(attacked.entries).toEqual(after.entries)
    // What names entries that were dropped with the revoked device waits for ever, and goes nowhere.
    const reasons = new Set(injected.flatMap((entry) => refusals(attacked, entry)))
    expect([...reasons]).toEqual(['ERR_ENTRY_REVOKED'])
    const whole = mergeDeviceLogs(after, [...withTablet.entries, ...injected])
    for (const entry of injected) expect(refusals(whole, entry)).toEqual(['ERR_ENTRY_REVOKED'])
  })

  test('A9 the same in every order: revoke first, or its entries first', async () => {
    const { account, withTablet, phone, laptop } = await adasLog()
    const revoke = await revokeOf(withTablet, phone, addedBy(withTablet, laptop))
    const link = await addOf(withTablet, laptop, signerOf(42))
    const one = mergeDeviceLogs(mergeDeviceLogs(withTablet, [revoke]), [link])
    const other = mergeDeviceLogs(mergeDeviceLogs(withTablet, [link]), [revoke])
    const fresh = reduceDeviceLog(account, [link, revoke, ...withTablet.entries])
    expect(other.devices).toEqual(one.devices)
    expect(fresh.devices).toEqual(one.devices)
    expect([other.head, fresh.head]).toEqual([one.head, one.head])
  })

  test('LOG-5 a device cannot revoke its parent, a cousin or itself', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const cousin = signerOf(43)
    const state = await take(withTablet, phone, cousin)
    for (const target of [laptop, cousin, tablet]) {
      const entry = await revokeOf(state, tablet, addedBy(state, target))
      const after = mergeDeviceLogs(state, [entry])
      expect(refusals(after, entry)).toEqual(['ERR_ENTRY_RIGHT'])
      expect(states(after, phone, laptop, tablet, cousin)).toEqual(['in', 'in', 'in', 'in'])
    }
    // Nor the child of another: the cousin is nearer to the first device, and above nobody.
    const entry = await revokeOf(state, cousin, addedBy(state, tablet))
    const after = mergeDeviceLogs(state, [entry])
    expect(refusals(after, entry)).toEqual(['ERR_ENTRY_RIGHT'])
    expect(states(after, tablet)).toEqual(['in'])
  })

  test('LOG-2 a log this device verified and kept is restored without verifying again', async () => {
    const { account, withTablet } = await adasLog()
    const forged = withTablet.entries.map((entry) => ({ ...entry, signature: new Uint8Array(64) }))
    expect(restoreDeviceLog(account, withTablet.entries)).toEqual(withTablet)
    expect(restoreDeviceLog(account, forged).devices).toEqual(withTablet.devices)
    expect(codeOf(() => reduceDeviceLog(account, forged))).toBe('ERR_LOG_GENESIS')
    const [genesis] = withTablet.entries
    const restored = restoreDeviceLog(account, genesis === undefined ? [] : [genesis])
    const merged = mergeDeviceLogs(restored, forged)
    expect(merged.devices).toEqual(restored.devices)
  })

  test('LOG-7 another add of a revoked key is suspended', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const twice = await take(withTablet, phone, tablet)
    const underPhone = addedBy(twice, tablet)
    expect(underPhone).not.toBe(addedBy(withTablet, tablet))
    const after = mergeDeviceLogs(twice, [
      await revokeOf(twice, laptop, addedBy(withTablet, tablet)),
    ])
    expect(states(after, tablet)).toEqual(['suspended'])
  })
})

describe('LOG-2 a tampered entry is refused for what is wrong with it', () => {
  test('a flipped bit in the signature, the countersignature or the body', async () => {
    const { empty, phone, laptop } = await adasLog()
    const entry = await addOf(empty, phone, laptop)
    for (const part of ['signature', 'countersignature'] as const) {
      const bent = bentEntry(entry, part, 5)
      expect(refusals(mergeDeviceLogs(empty, [bent]), bent)).toEqual(['ERR_SIGNATURE'])
    }
    const codes = new Set<string>()
    for (let bit = 0; bit < entry.body.length * 8; bit += 3) {
      const bent = bentEntry(entry, 'body', bit)
      const after = mergeDeviceLogs(empty, [bent])
      expect(after.devices).toEqual(empty.devices)
      for (const code of refusals(after, bent)) codes.add(code)
    }
    expect([...codes].sort()).toEqual([
      'ERR_ENTRY_ACCOUNT',
      'ERR_ENTRY_AUTHOR',
      'ERR_MALFORMED',
      'ERR_SIGNATURE',
      'ERR_SUITE_UNKNOWN',
    ])
  })

  test('A3 a signature made for another purpose', async () => {
    const { empty, phone, laptop } = await adasLog()
    const entry = await addOf(empty, phone, laptop)
    for (const purpose of [
      'device log root',
      'device log countersignature',
      'link proof',
    ] as const) {
      const signature = await phone.sign(domainBytes(purpose, entry.body))
      const wrong = { ...entry, signature }
      expect(refusals(mergeDeviceLogs(empty, [wrong]), wrong)).toEqual(['ERR_SIGNATURE'])
    }
    const swapped = { ...entry, countersignature: entry.signature }
    expect(refusals(mergeDeviceLogs(empty, [swapped]), swapped)).toEqual(['ERR_SIGNATURE'])
  })

  test('an add nobody agreed to, and a revoke with a signature too many', async () => {
    const { withLaptop, phone, tablet, laptop } = await adasLog()
    const { countersignature: _, ...alone } = await addOf(withLaptop, phone, tablet)
    expect(refusals(mergeDeviceLogs(withLaptop, [alone]), alone)).toEqual(['ERR_SIGNATURE'])
    const revoke = await revokeOf(withLaptop, phone, addedBy(withLaptop, laptop))
    const more = { ...revoke, countersignature: revoke.signature }
    expect(refusals(mergeDeviceLogs(withLaptop, [more]), more)).toEqual(['ERR_MALFORMED'])
  })

  test('an entry of another account, replayed here', async () => {
    const { withLaptop } = await adasLog()
    const [root, phone, tablet] = [51, 2, 52].map(signerOf)
    if (!root || !phone || !tablet) throw new Error('three signers')
    const recoveryKey = new Uint8Array(1216)
    const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
    const other = reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
    const foreign = await addOf(other, phone, tablet)
    const after = mergeDeviceLogs(withLaptop, [foreign, genesis])
    expect(refusals(after, foreign)).toEqual(['ERR_ENTRY_ACCOUNT'])
    expect(refusals(after, genesis)).toEqual(['ERR_ENTRY_ACCOUNT'])
    expect(after.devices).toEqual(withLaptop.devices)
  })

  test('ID-6 a key of small order is not taken in, though its signature holds', async () => {
    const { empty, phone } = await adasLog()
    const neutral = new Uint8Array(32).fill(1, 0, 1)
    const body = draftAdd({
      account: empty.account,
      author: idOf(phone),
      prev: lastEntryOf(empty, idOf(phone)),
      device: deviceIdFromPublicKey(neutral),
      rights: { link: true },
      historyAt: 0,
      at: 0,
    })
    // R = neutral element, s = 0 holds for every message under ZIP-215.
    const countersignature = new Uint8Array(64).fill(1, 0, 1)
    const entry = await signAdd(body, phone, countersignature)
    expect(refusals(mergeDeviceLogs(empty, [entry]), entry)).toEqual(['ERR_KEY_REFUSED'])
  })

  test('ID-6 nor does it make an account', async () => {
    const { phone } = await adasLog()
    const anyone: Signer = {
      publicKey: new Uint8Array(32).fill(1, 0, 1),
      sign: async () => new Uint8Array(64).fill(1, 0, 1),
    }
    const recoveryKey = new Uint8Array(1216)
    const genesis = await createGenesis({ root: anyone, recoveryKey, device: phone, at: 1 })
    const account = accountIdOfGenesis(genesis)
    expect(codeOf(() => reduceDeviceLog(account, [genesis]))).toBe('ERR_LOG_GENESIS')
  })

  test('ID-9 a suite of tomorrow has an answer of its own', async () => {
    const { empty, phone, laptop } = await adasLog()
    const entry = await addOf(empty, phone, laptop)
    const body = Uint8Array.from(entry.body)
    expect([body[0], body[1]]).toEqual([0x82, 0x01])
    body[1] = 2
    const tomorrow = { ...entry, body }
    expect(refusals(mergeDeviceLogs(empty, [tomorrow]), tomorrow)).toEqual(['ERR_SUITE_UNKNOWN'])
  })

  test('C1 many forgeries end the merge before they cost seconds', async () => {
    const { empty, phone, laptop } = await adasLog()
    const forged = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        const entry = await addOf(empty, phone, laptop, { at })
        return { ...entry, signature: new Uint8Array(64) }
      }),
    )
    expect(codeOf(() => mergeDeviceLogs(empty, forged))).toBe('ERR_SIGNATURE')
    expect(codeOf(() => mergeDeviceLogs(empty, forged.slice(0, 65)))).toBe('ERR_SIGNATURE')
    expect(mergeDeviceLogs(empty, forged.slice(0, 64)).refused).toHaveLength(64)
  })
})

test('LOG-2 one forged copy is one forgery, however often it comes', async () => {
  const { empty, phone, laptop } = await adasLog()
  const honest = await addOf(empty, phone, laptop)
  const forged = { ...honest, signature: new Uint8Array(64) }
  const copies = Array.from({ length: 100 }, () => structuredClone(forged))
  const state = mergeDeviceLogs(empty, copies)
  expect(refusals(state, forged)).toEqual(['ERR_SIGNATURE'])
  expect(states(mergeDeviceLogs(empty, [...copies, honest]), laptop)).toEqual(['in'])
})

test('LOG-2 forgeries lying in wait do not keep out the entry they follow', async () => {
  const { empty, withLaptop, phone, laptop } = await adasLog()
  const [, ofLaptop] = withLaptop.entries
  if (ofLaptop === undefined) throw new Error('an add')
  const prev = entryIdOfBody(ofLaptop.body)
  const lying = await Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      const entry = await addOf(withLaptop, phone, signerOf(9), { prev, at })
      return { ...entry, signature: new Uint8Array(64) }
    }),
  )
  const poisoned = mergeDeviceLogs(empty, lying)
  expect(poisoned.waiting).toHaveLength(100)
  const merged = mergeDeviceLogs(poisoned, [ofLaptop])
  expect(states(merged, phone, laptop)).toEqual(['in', 'in'])
  expect(merged.waiting).toHaveLength(0)
})

describe('LOG-12 limits', () => {
  test('a log longer than 4,096 entries or 1 MiB is refused unread', async () => {
    const { genesis } = await adasLog()
    const long = Array.from({ length: 4097 }, () => genesis)
    expect(codeOf(() => deviceLogCodec.encode(long))).toBe('ERR_TOO_LARGE')
    expect(codeOf(() => deviceLogCodec.decode(new Uint8Array((1 << 20) + 1)))).toBe('ERR_MALFORMED')
  })

  test('a genesis is the longest body there is', async () => {
    const { genesis } = await adasLog()
    expect(genesis.body.length).toBeLessThan(1536)
    expect(entryBodyCodec.decode(genesis.body).kind).toBe('genesis')
  })
})

type Part = 'body' | 'signature' | 'countersignature'

function bentEntry(entry: SignedEntry, part: Part, bit: number): SignedEntry {
  const bytes = Uint8Array.from(entry[part] ?? [])
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return { ...entry, [part]: bytes }
}

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'no error'
  } catch (error) {
    return isKithError(error) ? error.code : `not a KithError: ${error}`
  }
}
