import {
  type AccountId,
  accountIdOfGenesis,
  countersignAdd,
  createGenesis,
  createRecoveryCopy,
  createRevoke,
  deriveAccountRoot,
  deviceIdFromPublicKey,
  draftAdd,
  lastEntryOf,
  MAX_COPY_BYTES,
  reduceDeviceLog,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '@kithmesh/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { type DeviceLogs, openDeviceLogs } from '../account/device-logs.ts'
import { commitStaged } from '../staged.ts'
import { openShelf, type Shelf } from './shelf.ts'

const DAY_MS = 86_400_000
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const EMPTY = new Uint8Array()

/** Ben's account: a phone and a laptop, with what he needs to write. */
interface Ben {
  readonly account: AccountId
  readonly phone: Signer
  readonly laptop: Signer
  readonly entries: readonly SignedEntry[]
  /** Puts the laptop out. */
  readonly revoke: SignedEntry
}

async function createBen(): Promise<Ben> {
  const [phone, laptop] = [signerFromSeed(filled(32, 1)), signerFromSeed(filled(32, 2))]
  const root = deriveAccountRoot(filled(16, 3))
  const { recoveryPublicKey: recoveryKey } = root
  const genesis = await createGenesis({ root: root.signer, recoveryKey, device: phone, at: 1 })
  const account = accountIdOfGenesis(genesis)
  const alone = reduceDeviceLog(account, [genesis])
  const device = deviceIdFromPublicKey(laptop.publicKey)
  const common = { account, author: alone.first, at: 2 }
  const body = draftAdd({
    ...common,
    prev: lastEntryOf(alone, alone.first),
    device,
    rights: { link: true },
    historyAt: 0,
  })
  const add = await signAdd(body, phone, await countersignAdd(body, laptop))
  const both = reduceDeviceLog(account, [genesis, add])
  const target = both.devices.get(device)?.addedBy ?? expect.fail('no laptop')
  const prev = lastEntryOf(both, both.first)
  const revoke = await createRevoke({ ...common, prev, target }, phone)
  return { account, phone, laptop, entries: [genesis, add], revoke }
}

interface Ground {
  readonly ben: Ben
  readonly context: TestContext
  readonly logs: DeviceLogs
  readonly contacts: Set<AccountId>
  readonly time: { now: number }
  open(): Promise<Shelf>
  copy(by: Signer, number: number, of?: AccountId): Promise<Uint8Array>
}

async function createGround(): Promise<Ground> {
  const time = { now: 1_000_000 }
  const context = await openContext({ clock: { now: () => time.now, monotonic: () => time.now } })
  onTestFinished(() => context.store.close())
  const ben = await createBen()
  const logs = await openDeviceLogs(context)
  await learn({ context, logs, ben }, ben.entries)
  const contacts = new Set([ben.account])
  const { recoveryPublicKey: recoveryKey } = deriveAccountRoot(filled(16, 3))
  return {
    ben,
    context,
    logs,
    contacts,
    time,
    open: () => openShelf(context, { logs, isContact: (account) => contacts.has(account) }),
    copy: (by, number, of = ben.account) => {
      const contents = { log: EMPTY, epochs: EMPTY, data: EMPTY, people: [], places: [] }
      return createRecoveryCopy(
        { account: of, contents, recoveryKey, signer: by, number, madeAt: time.now },
        context.rng,
      )
    },
  }
}

async function learn(
  { context, logs, ben }: Pick<Ground, 'context' | 'logs' | 'ben'>,
  entries: readonly SignedEntry[],
): Promise<void> {
  const staged = logs.stage(ben.account, entries)
  if (staged) await commitStaged(context.store, [staged])
}

describe('REC-13 copies that are kept for contacts', () => {
  test('REC-13: one for each, given back as it came, also after a restart', async () => {
    const ground = await createGround()
    const { ben } = ground
    const shelf = await ground.open()
    expect(shelf.wanted(ben.account)).toEqual({ above: 0 })
    const copy = await ground.copy(ben.phone, 5)
    await shelf.keep(ben.account, copy)
    const again = await ground.open()
    expect(await again.get(ben.account)).toEqual(copy)
    expect(again.wanted(ben.account)).toBeUndefined()
  })

  test('REC-13: none for who is no contact, and who is none any more loses theirs', async () => {
    const ground = await createGround()
    const { ben, contacts } = ground
    const shelf = await ground.open()
    await shelf.keep(ben.account, await ground.copy(ben.phone, 5))
    contacts.delete(ben.account)
    expect(shelf.wanted(ben.account)).toBeUndefined()
    const again = await ground.open()
    expect(await again.get(ben.account)).toBeUndefined()
    contacts.add(ben.account)
    expect(again.wanted(ben.account)).toEqual({ above: 0 })
  })

  test('REC-13: a shelf that is full takes no further account and nothing larger', async () => {
    const ground = await createGround()
    const { ben, context, contacts, time } = ground
    const shelf = await ground.open()
    await shelf.keep(ben.account, await ground.copy(ben.phone, 5))
    const { tables, store } = context
    const full = Array.from({ length: 64 }, (_, at) => accountNamed(String.fromCharCode(200 + at)))
    const one = { device: deviceNamed('x'), number: 1, keptAt: time.now, head: filled(32, 1) }
    await store.commit(
      full.map((account) =>
        tables.keptCopies.put(account, { ...one, account, bytes: MAX_COPY_BYTES }),
      ),
    )
    for (const account of full) contacts.add(account)
    const stranger = accountNamed('s')
    contacts.add(stranger)
    time.now += DAY_MS
    const again = await ground.open()
    expect(again.wanted(stranger)).toBeUndefined()
    expect(again.wanted(ben.account)).toEqual({ above: 5 })
    const larger = await ground.copy(ben.phone, 6)
    await expect(again.keep(ben.account, larger)).rejects.toMatchObject({
      code: 'ERR_RECOVERY_SOURCE',
    })
  })
})

describe('REC-14 when a copy is due', () => {
  test('REC-14: once a day, and then only a higher number', async () => {
    const ground = await createGround()
    const { ben, time } = ground
    const shelf = await ground.open()
    await shelf.keep(ben.account, await ground.copy(ben.phone, 5))
    const next = await ground.copy(ben.phone, 6)
    await expect(shelf.keep(ben.account, next)).rejects.toMatchObject({
      code: 'ERR_RECOVERY_SOURCE',
    })
    time.now += DAY_MS
    expect(shelf.wanted(ben.account)).toEqual({ above: 5 })
    for (const number of [4, 5]) {
      const older = await ground.copy(ben.phone, number)
      await expect(shelf.keep(ben.account, older)).rejects.toMatchObject({
        code: 'ERR_RECOVERY_SOURCE',
      })
    }
    await shelf.keep(ben.account, next)
    expect(await shelf.get(ben.account)).toEqual(next)
  })

  test('REC-14: a clock that was set back does not keep a copy for ever', async () => {
    const ground = await createGround()
    const { ben, time } = ground
    const shelf = await ground.open()
    time.now += 365 * DAY_MS
    await shelf.keep(ben.account, await ground.copy(ben.phone, 5))
    time.now -= 365 * DAY_MS
    expect(shelf.wanted(ben.account)).toEqual({ above: 5 })
  })

  test('REC-14: when the devices of the account change; of who is out no number counts', async () => {
    const ground = await createGround()
    const { ben } = ground
    const shelf = await ground.open()
    await shelf.keep(ben.account, await ground.copy(ben.laptop, 2 ** 48))
    expect(shelf.wanted(ben.account)).toBeUndefined()
    await learn(ground, [ben.revoke])
    expect(shelf.wanted(ben.account)).toEqual({ above: 0 })
    const late = await ground.copy(ben.laptop, 2 ** 49)
    await expect(shelf.keep(ben.account, late)).rejects.toMatchObject({
      code: 'ERR_RECOVERY_SOURCE',
    })
    const honest = await ground.copy(ben.phone, 7)
    await shelf.keep(ben.account, honest)
    expect(await shelf.get(ben.account)).toEqual(honest)
  })
})

describe('REC-12 REC-13 copies that are refused', () => {
  test('REC-13: by a device that is not of the account, and of another account', async () => {
    const ground = await createGround()
    const { ben } = ground
    const shelf = await ground.open()
    const thief = signerFromSeed(filled(32, 9))
    const foreign = await ground.copy(ben.phone, 5, accountNamed('o'))
    for (const copy of [await ground.copy(thief, 5), foreign]) {
      await expect(shelf.keep(ben.account, copy)).rejects.toMatchObject({
        code: 'ERR_RECOVERY_SOURCE',
      })
    }
    expect(await shelf.get(ben.account)).toBeUndefined()
  })

  test('REC-12: one that was changed, one that is too long, one that is none', async () => {
    const ground = await createGround()
    const { ben } = ground
    const shelf = await ground.open()
    const changed = await ground.copy(ben.phone, 5)
    changed[changed.length - 100] = (changed[changed.length - 100] ?? 0) ^ 1
    for (const [copy, code] of [
      [changed, 'ERR_SIGNATURE'],
      [filled(MAX_COPY_BYTES + 1, 0x40), 'ERR_MALFORMED'],
      [EMPTY, 'ERR_MALFORMED'],
    ] as const) {
      await expect(shelf.keep(ben.account, copy)).rejects.toMatchObject({ code })
    }
  })

  test('REC-14: of two at the same time one is kept', async () => {
    const ground = await createGround()
    const { ben } = ground
    const shelf = await ground.open()
    const copies = await Promise.all([5, 6].map((number) => ground.copy(ben.phone, number)))
    const kept = await Promise.allSettled(copies.map((copy) => shelf.keep(ben.account, copy)))
    expect(kept.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})
