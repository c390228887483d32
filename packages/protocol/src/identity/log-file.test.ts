import { beforeEach, describe, expect, test } from 'vitest'
import { type AccountId, type DeviceId, deviceIdFromPublicKey, type EntryId } from '../ids.ts'
import { type DeviceLogState, lastEntryOf, mergeDeviceLogs, reduceDeviceLog } from './device-log.ts'
import { domainBytes } from './domain.ts'
import { type Signer, signerFromSeed } from './keys.ts'
import {
  countersignAdd,
  createGenesis,
  createRecover,
  createRevoke,
  createSuspend,
  draftAdd,
  signAdd,
} from './log-authoring.ts'
import { type AddBody, accountIdOfGenesis, entryIdOfBody, type SignedEntry } from './log-entry.ts'
import { deviceLogFileCodec, exportDeviceLog, verifyDeviceLogFile } from './log-file.ts'

const signerOf = (number: number): Signer => signerFromSeed(new Uint8Array(32).fill(number))
const idOf = ({ publicKey }: Signer): DeviceId => deviceIdFromPublicKey(publicKey)
const entryId = ({ body }: SignedEntry): EntryId => entryIdOfBody(body)

const root = signerOf(1)
const phone = signerOf(2)
const laptop = signerOf(3)
const tablet = signerOf(4)
const watch = signerOf(5)
const ghost = signerOf(6)

async function take(
  state: DeviceLogState,
  [author, device]: readonly [Signer, Signer],
  changes: Partial<AddBody> = {},
): Promise<SignedEntry> {
  const own = state.devices.get(idOf(author))
  const body = draftAdd({
    account: state.account,
    author: idOf(author),
    prev: own?.lastEntry ?? state.period,
    device: idOf(device),
    rights: { link: true },
    historyAt: 2,
    at: 2,
    ...changes,
  })
  return signAdd(body, author, await countersignAdd(body, device))
}

/** The phone takes in a laptop, which takes in a tablet and a watch that may not link. */
async function goodLog() {
  const recoveryKey = new Uint8Array(1216).fill(1)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const empty = reduceDeviceLog(account, [genesis])
  const ofLaptop = await take(empty, [phone, laptop])
  const withLaptop = mergeDeviceLogs(empty, [ofLaptop])
  const ofTablet = await take(withLaptop, [laptop, tablet])
  const withTablet = mergeDeviceLogs(withLaptop, [ofTablet])
  const ofWatch = await take(withTablet, [laptop, watch], { rights: { link: false } })
  const state = mergeDeviceLogs(withTablet, [ofWatch])
  return { account, genesis, empty, withLaptop, ofLaptop, ofTablet, ofWatch, state }
}

type Good = Awaited<ReturnType<typeof goodLog>>

/** The file of these entries; the head is the good log's, unless another is given. */
const fileOf = (
  { account, state }: Good,
  entries: readonly SignedEntry[],
  head = state.head,
): Uint8Array => deviceLogFileCodec.encode({ account, head, entries })

function bent(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

const revokeBy = (state: DeviceLogState, author: Signer, target: EntryId, at = 3) =>
  createRevoke(
    {
      account: state.account,
      author: idOf(author),
      prev: lastEntryOf(state, idOf(author)),
      target,
      at,
    },
    author,
  )

const recoverBy = ({ account, genesis }: Good, by: Signer, number: number, device = ghost) =>
  createRecover({ account, genesis: entryId(genesis), root: by, number, device, keep: [], at: 9 })

/** An add whose new device has this key and "signs" with this. */
async function addOfKey(
  { state, account }: Good,
  key: Uint8Array,
  countersignature: Uint8Array,
): Promise<SignedEntry> {
  const body = draftAdd({
    account,
    author: idOf(phone),
    prev: lastEntryOf(state, idOf(phone)),
    device: deviceIdFromPublicKey(key),
    rights: { link: true },
    historyAt: 0,
    at: 5,
  })
  return signAdd(body, phone, countersignature)
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
/** R the neutral element and s = 0: holds under a key of small order for every message (ZIP-215). */
const VOID_SIGNATURE = new Uint8Array(64).fill(1, 0, 1)
/** A point of order 8 (ed25519-speccheck). */
const ORDER_8 = hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa')
/** y = 2^255 − 18, that is 1: another encoding of the neutral element. */
const NON_CANONICAL = hex('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')
/** A point with a part of order 8 (ed25519-speccheck, case 4). */
const TORSION = hex('cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d')

interface Tampered {
  readonly file: Uint8Array
  readonly since?: Uint8Array
  readonly first: readonly [place: string, code: string, message: RegExp]
}

let good: Good
let account: AccountId
let state: DeviceLogState
let genesis: SignedEntry
let ofLaptop: SignedEntry
let ofTablet: SignedEntry
let ofWatch: SignedEntry
let entries: readonly SignedEntry[]
beforeEach(async () => {
  good = await goodLog()
  ;({ account, state, genesis, ofLaptop, ofTablet, ofWatch } = good)
  entries = [genesis, ofLaptop, ofTablet, ofWatch]
})

/** Adds a fifth entry. */
const withFifth = (entry: SignedEntry): Uint8Array => fileOf(good, [...entries, entry])

async function revokedLaptop(): Promise<readonly SignedEntry[]> {
  return [genesis, ofLaptop, await revokeBy(state, phone, entryId(ofLaptop))]
}

const TAMPERED: Readonly<Record<string, () => Promise<Tampered>>> = {
  'a bit of a body flipped': async () => ({
    file: fileOf(good, [
      genesis,
      { ...ofLaptop, body: bent(ofLaptop.body, (ofLaptop.body.length - 1) * 8) },
      ofTablet,
      ofWatch,
    ]),
    first: ['entry 2', 'ERR_SIGNATURE', /Its author did not sign/],
  }),
  'a bit of a signature flipped': async () => ({
    file: fileOf(good, [
      genesis,
      ofLaptop,
      { ...ofTablet, signature: bent(ofTablet.signature, 77) },
      ofWatch,
    ]),
    first: ['entry 3', 'ERR_SIGNATURE', /Its author did not sign/],
  }),
  'entries in another order': async () => ({
    file: fileOf(good, [genesis, ofTablet, ofLaptop, ofWatch]),
    first: ['entry 2', 'ERR_LOG_ORDER', /stands behind it/],
  }),
  'rolled back behind an earlier export': async () => ({
    file: exportDeviceLog(good.withLaptop),
    since: exportDeviceLog(state),
    first: ['file', 'ERR_LOG_ROLLBACK', /earlier export are missing/],
  }),
  'rolled back to before a recovery': async () => ({
    file: exportDeviceLog(state),
    since: exportDeviceLog(mergeDeviceLogs(state, [await recoverBy(good, root, 1)])),
    first: ['file', 'ERR_LOG_ROLLBACK', /earlier export are missing/],
  }),
  'the newest entry cut off': async () => ({
    file: fileOf(good, entries.slice(0, -1)),
    first: ['file', 'ERR_LOG_HEAD', /some are missing/],
  }),
  'an entry in the middle left out': async () => ({
    file: fileOf(good, [genesis, ofLaptop, ofWatch]),
    first: ['entry 3', 'ERR_LOG_ORDER', /or is missing/],
  }),
  'the genesis left out': async () => ({
    file: fileOf(good, entries.slice(1)),
    first: ['file', 'ERR_LOG_GENESIS', /first entry/],
  }),
  'a head of another log': async () => ({
    file: fileOf(good, entries, good.withLaptop.head),
    first: ['file', 'ERR_LOG_HEAD', /head it names/],
  }),
  'two entries in one place': async () => ({
    file: withFifth(await take(good.withLaptop, [laptop, ghost])),
    first: ['entry 3', 'ERR_ENTRY_FORK', /two entries in one place/],
  }),
  'two entries in one place that count all the same': async () => {
    const prev = lastEntryOf(state, idOf(watch))
    const body = { account, author: idOf(watch), prev, target: entryId(ofTablet), at: 3 }
    const forked = [
      await createSuspend({ ...body, reason: 'lost' }, watch),
      await createSuspend({ ...body, reason: 'idle' }, watch),
    ]
    const { head } = mergeDeviceLogs(state, forked)
    return {
      file: fileOf(good, [...entries, ...forked], head),
      first: ['entry 5', 'ERR_ENTRY_FORK', /two entries in one place/],
    }
  },
  'an add behind a fork': async () => {
    const rival = await take(good.withLaptop, [laptop, ghost])
    const forked = mergeDeviceLogs(state, [rival])
    const behind = await take(forked, [laptop, signerOf(7)])
    const all = [...entries, rival, behind]
    const { head } = mergeDeviceLogs(forked, [behind])
    return {
      file: fileOf(good, all, head),
      first: ['entry 3', 'ERR_ENTRY_FORK', /copied/],
    }
  },
  'a member of another account adds a device': async () => ({
    file: withFifth(await take(state, [signerOf(30), ghost], { prev: entryId(ofLaptop) })),
    first: ['entry 5', 'ERR_ENTRY_AUTHOR', /not the device whose entry/],
  }),
  'an entry of another account': async () => {
    const other = await createGenesis({
      root: signerOf(31),
      recoveryKey: new Uint8Array(1216),
      device: phone,
      at: 1,
    })
    const foreign = reduceDeviceLog(accountIdOfGenesis(other), [other])
    return {
      file: withFifth(await take(foreign, [phone, ghost])),
      first: ['entry 5', 'ERR_ENTRY_ACCOUNT', /another account/],
    }
  },
  'an entry twice': async () => ({
    file: withFifth(ofTablet),
    first: ['entry 5', 'ERR_ENTRY_TWICE', /already/],
  }),
  'a key of small order': async () => ({
    file: withFifth(await addOfKey(good, ORDER_8, VOID_SIGNATURE)),
    first: ['entry 5', 'ERR_KEY_REFUSED', /verifiers disagree/],
  }),
  'a key with a second encoding': async () => ({
    file: withFifth(await addOfKey(good, NON_CANONICAL, VOID_SIGNATURE)),
    first: ['entry 5', 'ERR_KEY_REFUSED', /verifiers disagree/],
  }),
  'a key with torsion': async () => ({
    file: withFifth(await addOfKey(good, TORSION, VOID_SIGNATURE)),
    first: ['entry 5', 'ERR_KEY_REFUSED', /verifiers disagree/],
  }),
  'a signature made for linking': async () => {
    const entry = await take(state, [phone, ghost])
    const signature = await phone.sign(domainBytes('link proof', entry.body))
    return {
      file: withFifth({ ...entry, signature }),
      first: ['entry 5', 'ERR_SIGNATURE', /another purpose/],
    }
  },
  'an unknown suite': async () => {
    const entry = await take(state, [phone, ghost])
    const body = Uint8Array.from(entry.body)
    body[1] = 2
    return {
      file: withFifth({ ...entry, body }),
      first: ['entry 5', 'ERR_SUITE_UNKNOWN', /later version/],
    }
  },
  'an unknown suite of the file': async () => {
    const file = Uint8Array.from(exportDeviceLog(state))
    file[1] = 2
    return { file, first: ['file', 'ERR_SUITE_UNKNOWN', /Suite 2/] }
  },
  'a device that did not agree': async () => {
    const { countersignature: _, ...alone } = await take(state, [phone, ghost])
    return {
      file: withFifth(alone),
      first: ['entry 5', 'ERR_SIGNATURE', /did not countersign/],
    }
  },
  'the agreement of another device': async () => {
    const entry = await take(state, [phone, ghost])
    const countersignature = await countersignAdd(entry.body, watch)
    return {
      file: withFifth({ ...entry, countersignature }),
      first: ['entry 5', 'ERR_SIGNATURE', /countersignature of the device/],
    }
  },
  'a device without the link right adds': async () => ({
    file: withFifth(await take(state, [watch, ghost])),
    first: ['entry 5', 'ERR_ENTRY_RIGHT', /may not/],
  }),
  'a device adds one above it': async () => ({
    file: withFifth(await take(state, [tablet, laptop])),
    first: ['entry 5', 'ERR_ENTRY_CYCLE', /above it/],
  }),
  'a device revokes its parent': async () => ({
    file: withFifth(await revokeBy(state, tablet, entryId(ofLaptop))),
    first: ['entry 5', 'ERR_ENTRY_RIGHT', /may not/],
  }),
  'a companion suspends the first device': async () => {
    const body = {
      account,
      author: idOf(watch),
      prev: lastEntryOf(state, idOf(watch)),
      target: entryId(genesis),
      reason: 'lost',
      at: 3,
    } as const
    return {
      file: withFifth(await createSuspend(body, watch)),
      first: ['entry 5', 'ERR_ENTRY_RIGHT', /may not/],
    }
  },
  'an entry of an unlinked device': async () => {
    const [, , revoke] = await revokedLaptop()
    if (revoke === undefined) throw new Error('a revoke')
    const { head } = mergeDeviceLogs(state, [revoke])
    return {
      file: fileOf(good, [genesis, ofLaptop, revoke, ofTablet], head),
      first: ['entry 4', 'ERR_ENTRY_REVOKED', /was unlinked/],
    }
  },
  'an entry of an unlinked device, dated back and moved before': async () => {
    const early = await take(good.withLaptop, [laptop, ghost], { at: 0 })
    const [, , revoke] = await revokedLaptop()
    if (revoke === undefined) throw new Error('a revoke')
    const { head } = mergeDeviceLogs(state, [revoke])
    return {
      file: fileOf(good, [genesis, ofLaptop, early, revoke], head),
      first: ['entry 3', 'ERR_ENTRY_REVOKED', /was unlinked/],
    }
  },
  'trailing bytes': async () => ({
    file: Uint8Array.from([...exportDeviceLog(state), 0]),
    first: ['file', 'ERR_MALFORMED', /trailing bytes/],
  }),
  'a file that ends too early': async () => ({
    file: exportDeviceLog(state).slice(0, -5),
    first: ['file', 'ERR_MALFORMED', /./],
  }),
  'a recovery by another root': async () => ({
    file: withFifth(await recoverBy(good, signerOf(40), 1)),
    first: ['entry 5', 'ERR_SIGNATURE', /root key of the account did not sign/],
  }),
  'entries in another order, after a recovery': async () => {
    const keep = [{ device: idOf(laptop), rights: { link: true } }]
    const recovery = { account, genesis: entryId(genesis), root, number: 1, device: ghost, at: 5 }
    const won = await createRecover({ ...recovery, keep })
    const recovered = mergeDeviceLogs(state, [won])
    const added = await take(recovered, [ghost, signerOf(60)])
    const withAdded = mergeDeviceLogs(recovered, [added])
    const next = await take(withAdded, [signerOf(60), signerOf(61)])
    const { head } = mergeDeviceLogs(withAdded, [next])
    return {
      file: fileOf(good, [genesis, won, ofLaptop, next, added], head),
      first: ['entry 4', 'ERR_LOG_ORDER', /stands behind it/],
    }
  },
  'behind an earlier export that is none': async () => ({
    file: exportDeviceLog(state),
    since: exportDeviceLog(state).slice(0, -5),
    first: ['earlier file', 'ERR_MALFORMED', /./],
  }),
  'behind an earlier export of another account': async () => {
    const other = await createGenesis({
      root: signerOf(31),
      recoveryKey: new Uint8Array(1216),
      device: phone,
      at: 1,
    })
    const foreign = reduceDeviceLog(accountIdOfGenesis(other), [other])
    return {
      file: exportDeviceLog(state),
      since: exportDeviceLog(foreign),
      first: ['earlier file', 'ERR_ENTRY_ACCOUNT', /another account/],
    }
  },
  'a recovery to a device that did not agree': async () => {
    const recover = await recoverBy(good, root, 1)
    const countersignature = await countersignAdd(recover.body, watch)
    return {
      file: withFifth({ ...recover, countersignature }),
      first: ['entry 5', 'ERR_SIGNATURE', /countersignature of the device/],
    }
  },
  'a recovery of a lower number': async () => {
    const [won, lost] = [await recoverBy(good, root, 2), await recoverBy(good, root, 1, watch)]
    const { head } = mergeDeviceLogs(state, [won])
    return {
      file: fileOf(good, [genesis, won, lost], head),
      first: ['entry 3', 'ERR_ENTRY_PERIOD', /recovered since/],
    }
  },
  'an entry from before a recovery': async () => {
    const won = await recoverBy(good, root, 1)
    const { head } = mergeDeviceLogs(state, [won])
    return {
      file: fileOf(good, [genesis, won, ofLaptop], head),
      first: ['entry 3', 'ERR_ENTRY_PERIOD', /recovered since/],
    }
  },
  'a revoke with a signature too many': async () => {
    const revoke = await revokeBy(state, phone, entryId(ofLaptop))
    return {
      file: withFifth({ ...revoke, countersignature: revoke.signature }),
      first: ['entry 5', 'ERR_MALFORMED', /not those of an entry/],
    }
  },
  'hundreds of forgeries': async () => {
    const entry = await take(state, [phone, ghost])
    const forged = Array.from({ length: 100 }, (_, at) => ({
      ...entry,
      signature: bent(entry.signature, at),
    }))
    return {
      file: fileOf(good, [...entries, ...forged]),
      first: ['file', 'ERR_SIGNATURE', /Too many forged/],
    }
  },
}

describe('LOG-15: an exported log', () => {
  test('a good one passes, and says who is in', () => {
    const report = verifyDeviceLogFile(exportDeviceLog(state))
    expect(report.faults).toEqual([])
    expect(report.valid).toBe(true)
    expect(report.state?.devices).toEqual(state.devices)
  })

  test('a good one passes after unlinking, suspending and recovering', async () => {
    const suspend = await createSuspend(
      {
        account,
        author: idOf(tablet),
        prev: lastEntryOf(state, idOf(tablet)),
        target: entryId(ofWatch),
        reason: 'idle',
        at: 4,
      },
      tablet,
    )
    const suspended = mergeDeviceLogs(state, [suspend])
    expect(verifyDeviceLogFile(exportDeviceLog(suspended)).faults).toEqual([])
    const recover = await createRecover({
      account,
      genesis: entryId(genesis),
      root,
      number: 1,
      device: ghost,
      keep: [tablet, laptop, phone].map((kept) => ({ device: idOf(kept), rights: { link: true } })),
      at: 5,
    })
    const recovered = mergeDeviceLogs(suspended, [recover])
    const later = mergeDeviceLogs(recovered, [await take(recovered, [tablet, signerOf(50)])])
    expect(later.devices.size).toBe(5)
    const file = exportDeviceLog(later)
    expect(verifyDeviceLogFile(file).faults).toEqual([])
    const unlinked = mergeDeviceLogs(later, [
      await revokeBy(later, ghost, later.devices.get(idOf(tablet))?.addedBy ?? later.period),
    ])
    const newest = verifyDeviceLogFile(exportDeviceLog(unlinked), { since: file })
    expect(newest.faults).toEqual([])
  })

  test('a later export continues an earlier one, also when it unlinks what that one had', async () => {
    const since = exportDeviceLog(state)
    const unlinked = mergeDeviceLogs(state, [await revokeBy(state, phone, entryId(ofLaptop))])
    expect(verifyDeviceLogFile(exportDeviceLog(unlinked), { since }).faults).toEqual([])
    expect(verifyDeviceLogFile(since, { since }).valid).toBe(true)
  })

  test.each(Object.keys(TAMPERED))('A1: %s is named', async (name) => {
    const { file, since, first } = (await TAMPERED[name]?.()) ?? raise()
    const { valid, faults } = verifyDeviceLogFile(file, since === undefined ? {} : { since })
    expect(valid).toBe(false)
    const [place, code, message] = first
    expect(faults[0]).toEqual({ place, code, message: expect.stringMatching(message) })
  })

  test('A1: an add behind a fork is named itself', async () => {
    const { file } = (await TAMPERED['an add behind a fork']?.()) ?? raise()
    expect(verifyDeviceLogFile(file).faults.map(({ place }) => place)).toEqual([
      'entry 3',
      'entry 4',
      'entry 5',
      'entry 6',
    ])
  })

  test('A1: no bit of a file can be flipped unseen', () => {
    const file = exportDeviceLog(good.withLaptop)
    for (let bit = 0; bit < file.length * 8; bit += 131) {
      expect([bit, verifyDeviceLogFile(bent(file, bit)).valid]).toEqual([bit, false])
    }
  })
})

function raise(): never {
  throw new Error('no such file')
}
