import { lastEntryOf, mergeDeviceLogs, reduceDeviceLog } from '../src/identity/device-log.ts'
import { domainBytes } from '../src/identity/domain.ts'
import {
  countersignAdd,
  createGenesis,
  createRecover,
  createSuspend,
  draftAdd,
  signAdd,
} from '../src/identity/log-authoring.ts'
import { accountIdOfGenesis, type SignedEntry } from '../src/identity/log-entry.ts'
import { exportDeviceLog } from '../src/identity/log-file.ts'
import { deviceIdFromPublicKey } from '../src/ids.ts'
import {
  bent,
  entryId,
  fileOf,
  type Good,
  ghost,
  laptop,
  phone,
  recoverBy,
  revokeBy,
  root,
  tablet,
  take,
  watch,
} from './good-log.ts'
import { idOf, signerOf } from './log-signers.ts'

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

/** A file, what it is held against, and what is said of it first. */
export interface Tampered {
  readonly file: Uint8Array
  readonly since?: Uint8Array
  readonly first: readonly [place: string, code: string, message: RegExp]
}
/** Adds a fifth entry. */
const withFifth = (good: Good, entry: SignedEntry): Uint8Array =>
  fileOf(good, [...good.entries, entry])

async function revokedLaptop(good: Good): Promise<readonly SignedEntry[]> {
  const { state, genesis, ofLaptop } = good
  return [genesis, ofLaptop, await revokeBy(state, phone, entryId(ofLaptop))]
}

/** What somebody may do to the file of the good log, and how it is named. */
export const TAMPERED: Readonly<Record<string, (good: Good) => Promise<Tampered>>> = {
  'a bit of a body flipped': async (good) => ({
    file: fileOf(good, [
      good.genesis,
      { ...good.ofLaptop, body: bent(good.ofLaptop.body, (good.ofLaptop.body.length - 1) * 8) },
      good.ofTablet,
      good.ofWatch,
    ]),
    first: ['entry 2', 'ERR_SIGNATURE', /Its author did not sign/],
  }),
  'a bit of a signature flipped': async (good) => ({
    file: fileOf(good, [
      good.genesis,
      good.ofLaptop,
      { ...good.ofTablet, signature: bent(good.ofTablet.signature, 77) },
      good.ofWatch,
    ]),
    first: ['entry 3', 'ERR_SIGNATURE', /Its author did not sign/],
  }),
  'entries in another order': async (good) => ({
    file: fileOf(good, [good.genesis, good.ofTablet, good.ofLaptop, good.ofWatch]),
    first: ['entry 2', 'ERR_LOG_ORDER', /stands behind it/],
  }),
  'rolled back behind an earlier export': async (good) => ({
    file: exportDeviceLog(good.withLaptop),
    since: exportDeviceLog(good.state),
    first: ['file', 'ERR_LOG_ROLLBACK', /earlier export are missing/],
  }),
  'rolled back to before a recovery': async (good) => ({
    file: exportDeviceLog(good.state),
    since: exportDeviceLog(mergeDeviceLogs(good.state, [await recoverBy(good, root, 1)])),
    first: ['file', 'ERR_LOG_ROLLBACK', /earlier export are missing/],
  }),
  'the newest entry cut off': async (good) => ({
    file: fileOf(good, good.entries.slice(0, -1)),
    first: ['file', 'ERR_LOG_HEAD', /some are missing/],
  }),
  'an entry in the middle left out': async (good) => ({
    file: fileOf(good, [good.genesis, good.ofLaptop, good.ofWatch]),
    first: ['entry 3', 'ERR_LOG_ORDER', /or is missing/],
  }),
  'the genesis left out': async (good) => ({
    file: fileOf(good, good.entries.slice(1)),
    first: ['file', 'ERR_LOG_GENESIS', /first entry/],
  }),
  'a head of another log': async (good) => ({
    file: fileOf(good, good.entries, good.withLaptop.head),
    first: ['file', 'ERR_LOG_HEAD', /head it names/],
  }),
  'two entries in one place': async (good) => ({
    file: withFifth(good, await take(good.withLaptop, [laptop, ghost])),
    first: ['entry 3', 'ERR_ENTRY_FORK', /two entries in one place/],
  }),
  'two entries in one place that count all the same': async (good) => {
    const prev = lastEntryOf(good.state, idOf(watch))
    const body = {
      account: good.account,
      author: idOf(watch),
      prev,
      target: entryId(good.ofTablet),
      at: 3,
    }
    const forked = [
      await createSuspend({ ...body, reason: 'lost' }, watch),
      await createSuspend({ ...body, reason: 'idle' }, watch),
    ]
    const { head } = mergeDeviceLogs(good.state, forked)
    return {
      file: fileOf(good, [...good.entries, ...forked], head),
      first: ['entry 5', 'ERR_ENTRY_FORK', /two entries in one place/],
    }
  },
  'an add behind a fork': async (good) => {
    const rival = await take(good.withLaptop, [laptop, ghost])
    const forked = mergeDeviceLogs(good.state, [rival])
    const behind = await take(forked, [laptop, signerOf(7)])
    const all = [...good.entries, rival, behind]
    const { head } = mergeDeviceLogs(forked, [behind])
    return {
      file: fileOf(good, all, head),
      first: ['entry 3', 'ERR_ENTRY_FORK', /copied/],
    }
  },
  'a member of another account adds a device': async (good) => ({
    file: withFifth(
      good,
      await take(good.state, [signerOf(30), ghost], { prev: entryId(good.ofLaptop) }),
    ),
    first: ['entry 5', 'ERR_ENTRY_AUTHOR', /not the device whose entry/],
  }),
  'an entry of another account': async (good) => {
    const other = await createGenesis({
      root: signerOf(31),
      recoveryKey: new Uint8Array(1216),
      device: phone,
      at: 1,
    })
    const foreign = reduceDeviceLog(accountIdOfGenesis(other), [other])
    return {
      file: withFifth(good, await take(foreign, [phone, ghost])),
      first: ['entry 5', 'ERR_ENTRY_ACCOUNT', /another account/],
    }
  },
  'an entry twice': async (good) => ({
    file: withFifth(good, good.ofTablet),
    first: ['entry 5', 'ERR_ENTRY_TWICE', /already/],
  }),
  'a key of small order': async (good) => ({
    file: withFifth(good, await addOfKey(good, ORDER_8, VOID_SIGNATURE)),
    first: ['entry 5', 'ERR_KEY_REFUSED', /verifiers disagree/],
  }),
  'a key with a second encoding': async (good) => ({
    file: withFifth(good, await addOfKey(good, NON_CANONICAL, VOID_SIGNATURE)),
    first: ['entry 5', 'ERR_KEY_REFUSED', /verifiers disagree/],
  }),
  'a key with torsion': async (good) => ({
    file: withFifth(good, await addOfKey(good, TORSION, VOID_SIGNATURE)),
    first: ['entry 5', 'ERR_KEY_REFUSED', /verifiers disagree/],
  }),
  'a signature made for linking': async (good) => {
    const entry = await take(good.state, [phone, ghost])
    const signature = await phone.sign(domainBytes('link proof', entry.body))
    return {
      file: withFifth(good, { ...entry, signature }),
      first: ['entry 5', 'ERR_SIGNATURE', /another purpose/],
    }
  },
  'an unknown suite': async (good) => {
    const entry = await take(good.state, [phone, ghost])
    const body = Uint8Array.from(entry.body)
    body[1] = 2
    return {
      file: withFifth(good, { ...entry, body }),
      first: ['entry 5', 'ERR_SUITE_UNKNOWN', /later version/],
    }
  },
  'an unknown suite of the file': async (good) => {
    const file = Uint8Array.from(exportDeviceLog(good.state))
    file[1] = 2
    return { file, first: ['file', 'ERR_SUITE_UNKNOWN', /Suite 2/] }
  },
  'a device that did not agree': async (good) => {
    const { countersignature: _, ...alone } = await take(good.state, [phone, ghost])
    return {
      file: withFifth(good, alone),
      first: ['entry 5', 'ERR_SIGNATURE', /did not countersign/],
    }
  },
  'the agreement of another device': async (good) => {
    const entry = await take(good.state, [phone, ghost])
    const countersignature = await countersignAdd(entry.body, watch)
    return {
      file: withFifth(good, { ...entry, countersignature }),
      first: ['entry 5', 'ERR_SIGNATURE', /countersignature of the device/],
    }
  },
  'a device without the link right adds': async (good) => ({
    file: withFifth(good, await take(good.state, [watch, ghost])),
    first: ['entry 5', 'ERR_ENTRY_RIGHT', /may not/],
  }),
  'a device adds one above it': async (good) => ({
    file: withFifth(good, await take(good.state, [tablet, laptop])),
    first: ['entry 5', 'ERR_ENTRY_CYCLE', /above it/],
  }),
  'a device revokes its parent': async (good) => ({
    file: withFifth(good, await revokeBy(good.state, tablet, entryId(good.ofLaptop))),
    first: ['entry 5', 'ERR_ENTRY_RIGHT', /may not/],
  }),
  'a companion suspends the first device': async (good) => {
    const body = {
      account: good.account,
      author: idOf(watch),
      prev: lastEntryOf(good.state, idOf(watch)),
      target: entryId(good.genesis),
      reason: 'lost',
      at: 3,
    } as const
    return {
      file: withFifth(good, await createSuspend(body, watch)),
      first: ['entry 5', 'ERR_ENTRY_RIGHT', /may not/],
    }
  },
  'an entry of an unlinked device': async (good) => {
    const [, , revoke] = await revokedLaptop(good)
    if (revoke === undefined) throw new Error('a revoke')
    const { head } = mergeDeviceLogs(good.state, [revoke])
    return {
      file: fileOf(good, [good.genesis, good.ofLaptop, revoke, good.ofTablet], head),
      first: ['entry 4', 'ERR_ENTRY_REVOKED', /was unlinked/],
    }
  },
  'an entry of an unlinked device, dated back and moved before': async (good) => {
    const early = await take(good.withLaptop, [laptop, ghost], { at: 0 })
    const [, , revoke] = await revokedLaptop(good)
    if (revoke === undefined) throw new Error('a revoke')
    const { head } = mergeDeviceLogs(good.state, [revoke])
    return {
      file: fileOf(good, [good.genesis, good.ofLaptop, early, revoke], head),
      first: ['entry 3', 'ERR_ENTRY_REVOKED', /was unlinked/],
    }
  },
  'trailing bytes': async (good) => ({
    file: Uint8Array.from([...exportDeviceLog(good.state), 0]),
    first: ['file', 'ERR_MALFORMED', /trailing bytes/],
  }),
  'a file that ends too early': async (good) => ({
    file: exportDeviceLog(good.state).slice(0, -5),
    first: ['file', 'ERR_MALFORMED', /./],
  }),
  'a recovery by another root': async (good) => ({
    file: withFifth(good, await recoverBy(good, signerOf(40), 1)),
    first: ['entry 5', 'ERR_SIGNATURE', /root key of the account did not sign/],
  }),
  'entries in another order, after a recovery': async (good) => {
    const keep = [{ device: idOf(laptop), rights: { link: true } }]
    const recovery = {
      account: good.account,
      genesis: entryId(good.genesis),
      root,
      number: 1,
      device: ghost,
      at: 5,
    }
    const won = await createRecover({ ...recovery, keep })
    const recovered = mergeDeviceLogs(good.state, [won])
    const added = await take(recovered, [ghost, signerOf(60)])
    const withAdded = mergeDeviceLogs(recovered, [added])
    const next = await take(withAdded, [signerOf(60), signerOf(61)])
    const { head } = mergeDeviceLogs(withAdded, [next])
    return {
      file: fileOf(good, [good.genesis, won, good.ofLaptop, next, added], head),
      first: ['entry 4', 'ERR_LOG_ORDER', /stands behind it/],
    }
  },
  'behind an earlier export that is none': async (good) => ({
    file: exportDeviceLog(good.state),
    since: exportDeviceLog(good.state).slice(0, -5),
    first: ['earlier file', 'ERR_MALFORMED', /./],
  }),
  'behind an earlier export of another account': async (good) => {
    const other = await createGenesis({
      root: signerOf(31),
      recoveryKey: new Uint8Array(1216),
      device: phone,
      at: 1,
    })
    const foreign = reduceDeviceLog(accountIdOfGenesis(other), [other])
    return {
      file: exportDeviceLog(good.state),
      since: exportDeviceLog(foreign),
      first: ['earlier file', 'ERR_ENTRY_ACCOUNT', /another account/],
    }
  },
  'a recovery to a device that did not agree': async (good) => {
    const recover = await recoverBy(good, root, 1)
    const countersignature = await countersignAdd(recover.body, watch)
    return {
      file: withFifth(good, { ...recover, countersignature }),
      first: ['entry 5', 'ERR_SIGNATURE', /countersignature of the device/],
    }
  },
  'a recovery of a lower number': async (good) => {
    const [won, lost] = [await recoverBy(good, root, 2), await recoverBy(good, root, 1, watch)]
    const { head } = mergeDeviceLogs(good.state, [won])
    return {
      file: fileOf(good, [good.genesis, won, lost], head),
      first: ['entry 3', 'ERR_ENTRY_PERIOD', /recovered since/],
    }
  },
  'an entry from before a recovery': async (good) => {
    const won = await recoverBy(good, root, 1)
    const { head } = mergeDeviceLogs(good.state, [won])
    return {
      file: fileOf(good, [good.genesis, won, good.ofLaptop], head),
      first: ['entry 3', 'ERR_ENTRY_PERIOD', /recovered since/],
    }
  },
  'a revoke with a signature too many': async (good) => {
    const revoke = await revokeBy(good.state, phone, entryId(good.ofLaptop))
    return {
      file: withFifth(good, { ...revoke, countersignature: revoke.signature }),
      first: ['entry 5', 'ERR_MALFORMED', /not those of an entry/],
    }
  },
  'hundreds of forgeries': async (good) => {
    const entry = await take(good.state, [phone, ghost])
    const forged = Array.from({ length: 100 }, (_, at) => ({
      ...entry,
      signature: bent(entry.signature, at),
    }))
    return {
      file: fileOf(good, [...good.entries, ...forged]),
      first: ['file', 'ERR_SIGNATURE', /Too many forged/],
    }
  },
}
