import { randomBytes } from 'node:crypto'
import { privateKeyOf } from '@kithmesh/net'
import {
  type AccountId,
  accountIdOfGenesis,
  countersignAdd,
  createGenesis,
  createRevoke,
  type DeviceLogState,
  deviceIdFromPublicKey,
  draftAdd,
  lastEntryOf,
  mergeDeviceLogs,
  reduceDeviceLog,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '@kithmesh/protocol'

/** An account with real signatures: what devices show to a relay. */
export interface TestAccount {
  readonly id: AccountId
  /** All entries there are now. */
  log(): readonly SignedEntry[]
  /** The key of a device, as libp2p takes it. */
  keyOf(name: string): ReturnType<typeof privateKeyOf>
  /** The first device links one more. */
  link(name: string): Promise<void>
  /** The first device unlinks one. */
  unlink(name: string): Promise<void>
}

const RECOVERY_KEY = new Uint8Array(1216).fill(7)

/** An account whose first device is the first name. */
export async function createTestAccount(names: readonly string[]): Promise<TestAccount> {
  const signers = new Map<string, Signer>()
  const signerOf = (name: string): Signer => {
    const signer = signers.get(name) ?? signerFromSeed(randomBytes(32))
    signers.set(name, signer)
    return signer
  }
  const [first = 'phone', ...others] = names
  const author = signerOf(first)
  const firstDevice = deviceIdFromPublicKey(author.publicKey)
  const root = signerFromSeed(randomBytes(32))
  const draft = { root, recoveryKey: RECOVERY_KEY, device: author, at: Date.now() }
  const genesis = await createGenesis(draft)
  const id = accountIdOfGenesis(genesis)
  let state: DeviceLogState = reduceDeviceLog(id, [genesis])
  const addPlaces = new Map<string, ReturnType<typeof lastEntryOf>>()

  const account: TestAccount = {
    id,
    log: () => state.entries,
    keyOf: (name) =>
      privateKeyOf({ publicKey: signerOf(name).publicKey, sign: signerOf(name).sign }),
    async link(name) {
      const signer = signerOf(name)
      const body = draftAdd({
        account: id,
        author: firstDevice,
        prev: lastEntryOf(state, firstDevice),
        device: deviceIdFromPublicKey(signer.publicKey),
        rights: { link: true },
        historyAt: 0,
        at: Date.now(),
      })
      const entry = await signAdd(body, author, await countersignAdd(body, signer))
      state = mergeDeviceLogs(state, [entry])
      addPlaces.set(name, lastEntryOf(state, firstDevice))
    },
    async unlink(name) {
      const target = addPlaces.get(name)
      if (target === undefined) throw new Error(`${name} was never linked`)
      const revoke = await createRevoke(
        {
          account: id,
          author: firstDevice,
          prev: lastEntryOf(state, firstDevice),
          target,
          at: Date.now(),
        },
        author,
      )
      state = mergeDeviceLogs(state, [revoke])
    },
  }
  for (const name of others) await account.link(name)
  return account
}
