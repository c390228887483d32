import {
  accountIdOfGenesis,
  countersignAdd,
  createGenesis,
  createRevoke,
  deriveAccountRoot,
  deviceIdFromPublicKey,
  draftAdd,
  entryIdOfBody,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { commitStaged } from '../staged.ts'
import { openDeviceLogs } from './device-logs.ts'

const AT = 1_700_000_000_000
const phone = signerFromSeed(new Uint8Array(32).fill(1))
const laptop = signerFromSeed(new Uint8Array(32).fill(2))
const idOf = ({ publicKey }: Signer) => deviceIdFromPublicKey(publicKey)

/** A log in which the phone took the laptop in, and what puts it out again. */
async function story(expiresAt?: number) {
  const root = deriveAccountRoot(new Uint8Array(16).fill(3))
  const recoveryKey = root.recoveryPublicKey
  const genesis = await createGenesis({ root: root.signer, recoveryKey, device: phone, at: AT })
  const account = accountIdOfGenesis(genesis)
  const body = draftAdd({
    account,
    author: idOf(phone),
    prev: entryIdOfBody(genesis.body),
    device: idOf(laptop),
    rights: { link: true },
    historyAt: 0,
    at: AT + 1,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  })
  const add = await signAdd(body, phone, await countersignAdd(body, laptop))
  const [prev, target] = [entryIdOfBody(body), entryIdOfBody(body)]
  const revoke = await createRevoke(
    { account, author: idOf(phone), prev, target, at: AT + 2 },
    phone,
  )
  return { account, genesis, add, revoke }
}

describe('device logs', () => {
  test('DEV-1 a device speaks for an account until it is unlinked, also after a restart', async () => {
    const { account, genesis, add, revoke } = await story()
    const context = await openContext()
    const logs = await openDeviceLogs(context)
    await commitStaged(
      context.store,
      [logs.stage(account, [genesis, add])].flatMap((one) => one ?? []),
    )
    expect(logs.accountOf(idOf(laptop))).toBe(account)

    await commitStaged(
      context.store,
      [logs.stage(account, [revoke])].flatMap((one) => one ?? []),
    )

    expect(logs.accountOf(idOf(laptop))).toBeUndefined()
    expect(logs.accountOf(idOf(phone))).toBe(account)
    expect((await openDeviceLogs(context)).accountOf(idOf(laptop))).toBeUndefined()
    await context.store.close()
  })

  test('DEV-1 an expired device speaks for nobody, from that moment on', async () => {
    const { account, genesis, add } = await story(AT + 1_000)
    let now = AT + 999
    const clock = { now: () => now, monotonic: () => now }
    const context = await openContext({ clock })
    const logs = await openDeviceLogs(context)
    await commitStaged(
      context.store,
      [logs.stage(account, [genesis, add])].flatMap((one) => one ?? []),
    )
    expect(logs.devicesOf(account)).toContain(idOf(laptop))

    now = AT + 1_000

    expect(logs.accountOf(idOf(laptop))).toBeUndefined()
    expect(logs.devicesOf(account)).toEqual([idOf(phone)])
    await context.store.close()
  })

  test('LOG-10: what an unlinked device wrote goes from the disk with it', async () => {
    const { account, genesis, add, revoke } = await story()
    const tablet = signerFromSeed(new Uint8Array(32).fill(4))
    const body = draftAdd({
      account,
      author: idOf(laptop),
      prev: entryIdOfBody(add.body),
      device: idOf(tablet),
      rights: { link: true },
      historyAt: 0,
      at: AT + 3,
    })
    const below = await signAdd(body, laptop, await countersignAdd(body, tablet))
    const context = await openContext()
    const logs = await openDeviceLogs(context)
    const kept = async (): Promise<number> => {
      let count = 0
      for await (const _ of context.tables.logEntries.entries()) count += 1
      return count
    }
    const take = (entries: readonly SignedEntry[]) =>
      commitStaged(
        context.store,
        [logs.stage(account, entries)].flatMap((one) => one ?? []),
      )
    await take([genesis, add, below])
    expect([await kept(), logs.accountOf(idOf(tablet))]).toEqual([3, account])
    await take([revoke])
    expect([await kept(), logs.accountOf(idOf(tablet))]).toEqual([3, undefined])
    await take([below])
    expect(await kept()).toBe(3)
    expect((await openDeviceLogs(context)).get(account)?.entries).toHaveLength(3)
    await context.store.close()
  })

  test('DEV-5 what is forged is not kept, and nothing new is nothing to write', async () => {
    const { account, genesis, add } = await story()
    const context = await openContext()
    const logs = await openDeviceLogs(context)
    const forged = { ...add, signature: add.signature.map((byte) => byte ^ 1) }
    await commitStaged(
      context.store,
      [logs.stage(account, [genesis, forged])].flatMap((one) => one ?? []),
    )
    expect(logs.devicesOf(account)).toEqual([idOf(phone)])
    expect(logs.get(account)?.entries).toHaveLength(1)
    expect(logs.stage(account, [genesis])).toBeUndefined()
    await context.store.close()
  })
})
