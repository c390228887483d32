/** Restoring against sources that a test writes itself: what a hostile or unlucky one can do. */

import { createMemoryHub, createMemoryNet, type MemoryHub } from '@kithmesh/net'
import {
  type AccountId,
  accountIdOfGenesis,
  countersignAdd,
  createGenesis,
  createRecover,
  createRecoveryCopy,
  createRevoke,
  deriveAccountRoot,
  deviceIdFromPublicKey,
  deviceLogCodec,
  draftAdd,
  entryIdOfBody,
  lastEntryOf,
  type RecoveryContents,
  recoveryWords,
  reduceDeviceLog,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '@kithmesh/protocol'
import { createAccountData, createEpoch, type EpochKey, epochKeysCodec } from '@kithmesh/sync'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { EPOCHS, readAccount, readSeed } from '../account/account.ts'
import type { RecoveryPlan } from '../api/recovery.ts'
import { nodePlatform } from '../platform.node.ts'
import { RECOVERY } from '../protocols.ts'
import type { Store } from '../store/store-types.ts'
import { createRestoring, type Restoring } from './restore.ts'
import { type RecoveryFrame, recoveryCodec } from './wire.ts'

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const ENTROPY = filled(16, 3)
const WORDS = recoveryWords(ENTROPY)
const root = deriveAccountRoot(ENTROPY)
const [phone, laptop] = [signerFromSeed(filled(32, 1)), signerFromSeed(filled(32, 2))]
const EMPTY = new Uint8Array()

interface Log {
  readonly account: AccountId
  readonly entries: readonly SignedEntry[]
}

/** An account with a first device, and the laptop in it, or revoked. */
async function logOf(of: {
  readonly root?: Signer
  readonly first?: Signer
  readonly laptop?: 'in' | 'revoked' | 'none'
}): Promise<Log> {
  const { first = phone, laptop: state = 'none' } = of
  const genesis = await createGenesis({
    root: of.root ?? root.signer,
    recoveryKey: root.recoveryPublicKey,
    device: first,
    at: 1_000,
  })
  const account = accountIdOfGenesis(genesis)
  if (state === 'none') return { account, entries: [genesis] }
  const alone = reduceDeviceLog(account, [genesis])
  const device = deviceIdFromPublicKey(laptop.publicKey)
  const common = { account, author: alone.first, at: 2_000 }
  const prev = lastEntryOf(alone, alone.first)
  const rights = { link: true }
  const body = draftAdd({ ...common, prev, device, rights, historyAt: 0 })
  const add = await signAdd(body, first, await countersignAdd(body, laptop))
  if (state === 'in') return { account, entries: [genesis, add] }
  const both = reduceDeviceLog(account, [genesis, add])
  const target = both.devices.get(device)?.addedBy ?? expect.fail('no laptop')
  const draft = { ...common, prev: lastEntryOf(both, both.first), target }
  return { account, entries: [genesis, add, await createRevoke(draft, first)] }
}

/** Account data with one contact of that name. */
function dataWith(name: string, contact: AccountId, pinned?: Uint8Array): Uint8Array {
  const data = createAccountData()
  data.contacts.set(contact, { name, addedAt: 1, ...(pinned ? { root: pinned } : {}) })
  return data.encodeState()
}

interface Ground {
  readonly context: TestContext
  readonly hub: MemoryHub
  readonly restoring: Restoring
  /** A source that answers with these frames once the root is proved; yields its address. */
  source(frames: readonly RecoveryFrame[]): string
  copy(by: Signer, account: AccountId, of: Partial<RecoveryContents>): Promise<RecoveryFrame>
}

async function createGround(
  withStore: (store: Store) => Store = (store) => store,
): Promise<Ground> {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const signer = signerFromSeed(nodePlatform.rng.bytes(32))
  const opened = await openContext({
    signer,
    device: deviceIdFromPublicKey(signer.publicKey),
    net: createMemoryNet(hub, { identity: signer }),
  })
  onTestFinished(() => opened.store.close())
  const context = { ...opened, store: withStore(opened.store) }
  return {
    context,
    hub,
    restoring: createRestoring(context, { account: () => undefined, enter: async () => undefined }),
    source: (frames) => {
      const net = createMemoryNet(hub, { identity: signerFromSeed(nodePlatform.rng.bytes(32)) })
      net.handle(RECOVERY, async (stream) => {
        const incoming = stream.incoming[Symbol.asyncIterator]()
        await incoming.next()
        const challenge = { kind: 'challenge', nonce: filled(32, 9) } as const
        await stream.send(recoveryCodec.encode(challenge))
        await incoming.next()
        for (const frame of frames) await stream.send(recoveryCodec.encode(frame))
      })
      return `/p2p/${net.peer}`
    },
    copy: async (by, account, of) => {
      const none = { log: EMPTY, epochs: EMPTY, data: EMPTY, people: [], places: [] }
      const keys = { recoveryKey: root.recoveryPublicKey, signer: by }
      const draft = { account, ...keys, number: 1, madeAt: 5_000 }
      const copy = await createRecoveryCopy({ ...draft, contents: { ...none, ...of } }, context.rng)
      return { kind: 'copy', copy }
    },
  }
}

/** How every good answer of a contact begins. */
function beginning({ account, entries }: Log, contact: Log): readonly RecoveryFrame[] {
  return [
    { kind: 'account', account, own: contact.account, name: 'Ben' },
    { kind: 'log', account, entries: deviceLogCodec.encode(entries) },
    { kind: 'log', account: contact.account, entries: deviceLogCodec.encode(contact.entries) },
  ]
}

const DONE: RecoveryFrame = { kind: 'done' }
const benRoot = signerFromSeed(filled(32, 21))
const benPhone = signerFromSeed(filled(32, 22))
const bensLog = (): Promise<Log> => logOf({ root: benRoot, first: benPhone })

async function restore(
  { restoring }: Ground,
  from: readonly string[],
): Promise<RecoveryPlan | undefined> {
  let plan: RecoveryPlan | undefined
  await restoring.restore(WORDS, {
    from,
    confirm: async (shown) => {
      plan = shown
      return true
    },
  })
  return plan
}

async function namesIn({ context }: Ground): Promise<readonly string[]> {
  const data = createAccountData()
  data.applyUpdate(await readSeed(context), { kind: 'snapshot' })
  return data.contacts
    .list()
    .map(({ name }) => name)
    .sort()
}

async function epochsIn({ context }: Ground): Promise<readonly EpochKey[]> {
  return epochKeysCodec.decode((await context.tables.device.get(EPOCHS)) ?? EMPTY)
}

describe('which copies are used', () => {
  test('REC-24: one by a removed device only when there is no other, and it is said', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({ laptop: 'revoked' }), await bensLog()]
    const data = dataWith('by the thief', ben.account)
    const copy = await ground.copy(laptop, log.account, { data })
    const plan = await restore(ground, [ground.source([...beginning(log, ben), copy, DONE])])
    expect(plan).toMatchObject({ fromRemoved: true, contacts: 1, copyMadeAt: 5_000 })
    expect(await namesIn(ground)).toEqual(['by the thief'])
  })

  test('REC-24 REC-22: beside one by a device that is in it is not looked at', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({ laptop: 'revoked' }), await bensLog()]
    const other = await logOf({ root: signerFromSeed(filled(32, 31)), first: laptop })
    const stale = await ground.copy(laptop, log.account, {
      data: dataWith('by the thief', other.account),
    })
    const good = await ground.copy(phone, log.account, { data: dataWith('Ben', ben.account) })
    const plan = await restore(ground, [
      ground.source([...beginning(log, ben), stale, DONE]),
      ground.source([...beginning(log, ben), good, DONE]),
    ])
    expect(plan).toMatchObject({ fromRemoved: false, contacts: 1 })
    expect(await namesIn(ground)).toEqual(['Ben'])
  })

  test('REC-24: one that a contact made itself is passed over, also when there is no other', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({}), await bensLog()]
    const data = dataWith('by Ben', ben.account)
    const entries = deviceLogCodec.encode(log.entries)
    const copy = await ground.copy(benPhone, log.account, { data, log: entries })
    const plan = await restore(ground, [ground.source([...beginning(log, ben), copy, DONE])])
    expect(plan).toMatchObject({ fromRemoved: false })
    expect(plan?.copyMadeAt).toBeUndefined()
    expect(await namesIn(ground)).toEqual(['Ben'])
  })

  test('REC-24: one by a device that no log names any more counts by the log in its seal', async () => {
    const ground = await createGround()
    const [before, now, ben] = [await logOf({ laptop: 'in' }), await logOf({}), await bensLog()]
    const recover = await createRecover({
      account: now.account,
      genesis: entryIdOfBody(now.entries[0]?.body ?? EMPTY),
      root: root.signer,
      number: 1,
      device: benPhone,
      keep: [],
      at: 3_000,
    })
    const log = { ...now, entries: [...now.entries, recover] }
    const data = dataWith('of then', ben.account)
    const entries = deviceLogCodec.encode(before.entries)
    const copy = await ground.copy(laptop, log.account, { data, log: entries })
    const plan = await restore(ground, [ground.source([...beginning(log, ben), copy, DONE])])
    expect(plan).toMatchObject({ fromRemoved: true, contacts: 1 })
    expect(await namesIn(ground)).toEqual(['of then'])
  })

  test('REC-22: a source that hides the removal hides nothing: the log is in the copy, too', async () => {
    const ground = await createGround()
    const [hidden, whole, ben] = [
      await logOf({ laptop: 'in' }),
      await logOf({ laptop: 'revoked' }),
      await bensLog(),
    ]
    const log = deviceLogCodec.encode(whole.entries)
    const good = await ground.copy(phone, whole.account, { log })
    const plan = await restore(ground, [ground.source([...beginning(hidden, ben), good, DONE])])
    expect(plan?.devices).toHaveLength(1)
  })

  test('REC-12 REC-22: copies that are garbage, foreign or of somebody else are passed over', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({}), await bensLog()]
    const good = await ground.copy(phone, log.account, { data: dataWith('Ben', ben.account) })
    const foreign = await ground.copy(phone, ben.account, { data: dataWith('x', ben.account) })
    const garbage: RecoveryFrame = { kind: 'copy', copy: filled(500, 7) }
    const frames = [...beginning(log, ben), garbage, foreign, good, DONE]
    expect(await restore(ground, [ground.source(frames)])).toMatchObject({ contacts: 1 })
    expect(await namesIn(ground)).toEqual(['Ben'])
  })

  test('REC-25: a contact comes with the root that is pinned, and with no other', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({}), await bensLog()]
    const data = dataWith('Ben', ben.account, filled(32, 66))
    const people = [{ account: ben.account, log: deviceLogCodec.encode(ben.entries) }]
    const copy = await ground.copy(phone, log.account, { data, people })
    await restore(ground, [ground.source([...beginning(log, ben), copy, DONE])])
    const kept: AccountId[] = []
    for await (const [[account]] of ground.context.tables.logEntries.entries()) kept.push(account)
    expect(kept).not.toContain(ben.account)
    expect(kept).toContain(log.account)
  })
})

describe('what a source cannot do', () => {
  test('REC-23: an epoch far ahead does not keep the account from making another', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({ laptop: 'in' }), await bensLog()]
    const { rng } = ground.context
    const honest = [1, 2, 3].map((number) => createEpoch(rng, number))
    const hostile = createEpoch(rng, 2 ** 32 - 1)
    const copies = [
      await ground.copy(phone, log.account, { epochs: epochKeysCodec.encode(honest) }),
      await ground.copy(laptop, log.account, { epochs: epochKeysCodec.encode([hostile]) }),
    ]
    await restore(ground, [ground.source([...beginning(log, ben), ...copies, DONE])])
    const epochs = await epochsIn(ground)
    expect(epochs.map(({ number }) => number)).toEqual([1, 2, 3, 4])
    expect(epochs.at(-1)?.removals).toHaveLength(1)
  })

  test('REC-22: the log of another root is none of this account', async () => {
    const ground = await createGround()
    const [other, ben] = [await logOf({ root: benRoot }), await bensLog()]
    const source = ground.source([...beginning(other, ben), DONE])
    await expect(restore(ground, [source])).rejects.toMatchObject({ code: 'ERR_RECOVERY_SOURCE' })
    expect(await readAccount(ground.context)).toBeUndefined()
  })

  test.each([
    ['no account first', [DONE], 'ERR_MALFORMED'],
    ['no end', Array(20).fill({ kind: 'copy', copy: EMPTY }), 'ERR_MALFORMED'],
    ['what does not belong there', [{ kind: 'enough' }], 'ERR_MALFORMED'],
    ['nothing', [], 'ERR_STREAM_ENDED'],
  ] satisfies readonly (readonly [string, readonly RecoveryFrame[], string])[])(
    'REC-22 C3: a source that says %s is an error, and nothing is written',
    async (name, frames, code) => {
      const ground = await createGround()
      const [log, ben] = [await logOf({}), await bensLog()]
      const first = name === 'no end' ? beginning(log, ben) : []
      await expect(restore(ground, [ground.source([...first, ...frames])])).rejects.toMatchObject({
        code,
      })
      expect(await readAccount(ground.context)).toBeUndefined()
    },
  )

  test('REC-22: one source that fails does not spoil another', async () => {
    const ground = await createGround()
    const [log, ben] = [await logOf({}), await bensLog()]
    const sources = [
      ground.source([DONE]),
      ground.source([{ kind: 'unknown' }]),
      ground.source([...beginning(log, ben), DONE]),
    ]
    expect(await restore(ground, sources)).toMatchObject({ sources: [{ name: 'Ben' }] })
    expect(await readAccount(ground.context)).toBe(log.account)
  })
})

test('REC-23: a disk that fails leaves nothing, and the same device can try again', async () => {
  let fails = true
  const ground = await createGround(
    (store) =>
      new Proxy(store, {
        get: (target, key) => {
          if (key === 'commit' && fails) return () => Promise.reject(new Error('EIO'))
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
  )
  const [log, ben] = [await logOf({}), await bensLog()]
  const source = ground.source([...beginning(log, ben), DONE])
  await expect(restore(ground, [source])).rejects.toThrow('EIO')
  expect(await readAccount(ground.context)).toBeUndefined()
  fails = false
  await restore(ground, [source])
  expect(await readAccount(ground.context)).toBe(log.account)
})

test('REC-22: who gives up while they read what will happen has changed nothing', async () => {
  const ground = await createGround()
  const [log, ben] = [await logOf({}), await bensLog()]
  const from = [ground.source([...beginning(log, ben), DONE])]
  const giveUp = new AbortController()
  const restoring = ground.restoring.restore(WORDS, {
    from,
    signal: giveUp.signal,
    // The person never answers.
    confirm: () => {
      giveUp.abort(new Error('enough'))
      return new Promise(() => undefined)
    },
  })
  await expect(restoring).rejects.toThrow('enough')
  expect(await readAccount(ground.context)).toBeUndefined()
})
