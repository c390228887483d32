/** Setting, changing and removing what locks a home. Each is one replacement on the disk (LOCK-5). */

import { KithError } from '@kithmesh/protocol'
import { ARGON2ID_COST } from './argon2id.ts'
import { NO_TRIES, nextTryAt, triesNow } from './backoff.ts'
import {
  hexOf,
  type Keyring,
  type LockPlace,
  type LockTools,
  noPassphrase,
  openByPassphrase,
} from './home-key.ts'
import { NO_BOX, sealHomeKey } from './home-key-seal.ts'
import { passphraseBytes } from './passphrase.ts'
import {
  HOME_KEY_BYTES,
  type KeptHomeKey,
  MAX_WRAPS,
  PRF_SALT_BYTES,
  SALT_BYTES,
  type Wrap,
  wrapOf,
  wrapsOf,
} from './wraps.ts'

/** What locks a home, told without opening it. */
export interface HomeLockState {
  /** A passphrase is set: without it, or what stands beside it, the home does not open. */
  readonly passphrase: boolean
  readonly keyring: boolean
  readonly passkeys: number
  /** Wrong passphrases since the last right one. */
  readonly wrongTries: number
  /** When the next try is allowed, ms since 1970 UTC; undefined when it is at once. */
  readonly nextTryAt?: number
}

/** The changes of one home's lock. */
export interface HomeLockChanges {
  state(): Promise<HomeLockState>
  /** @throws ERR_LOCK_SET, ERR_PASSPHRASE_SIZE, ERR_LOCK_UNSUPPORTED */
  set(passphrase: string): Promise<void>
  /** @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF, ERR_LOCK_NONE, ERR_PASSPHRASE_SIZE */
  change(old: string, passphrase: string): Promise<void>
  /** Takes away every wrap; the home then opens by itself. @throws as {@link change} */
  remove(passphrase: string, keyring: Keyring | undefined): Promise<void>
  /** @throws ERR_KEYRING when the keyring takes nothing; and as {@link change} */
  addKeyring(passphrase: string, keyring: Keyring): Promise<void>
  removeKeyring(keyring: Keyring | undefined): Promise<void>
  /** @throws ERR_PASSKEY; and as {@link change} */
  addPasskey(passphrase: string, name: string): Promise<void>
  removePasskeys(): Promise<void>
}

/** What locks the home kept in `place`. */
export async function homeLockState(
  place: LockPlace,
  { clock }: Pick<LockTools, 'clock'>,
): Promise<HomeLockState> {
  const kept = (await place.read()) ?? NOTHING_KEPT
  const tries = triesNow((await place.readTries()) ?? NO_TRIES, clock.now())
  const allowed = nextTryAt(tries)
  return {
    passphrase: wrapOf(kept, 'passphrase') !== undefined,
    keyring: wrapOf(kept, 'keyring') !== undefined,
    passkeys: wrapsOf(kept, 'passkey').length,
    wrongTries: tries.wrong,
    ...(allowed > clock.now() ? { nextTryAt: allowed } : {}),
  }
}

const NOTHING_KEPT: KeptHomeKey = { plain: undefined, wraps: [] }

/** Changes run one at a time: the caller sees to that. */
export function createHomeLockChanges(place: LockPlace, tools: LockTools): HomeLockChanges {
  const { rng } = tools

  /** Does the work with the key and its wraps; then the key is overwritten. */
  async function withKey(
    passphrase: string,
    work: (homeKey: Uint8Array, wraps: readonly Wrap[]) => Promise<void>,
  ): Promise<void> {
    const { wraps } = (await place.read()) ?? NOTHING_KEPT
    const homeKey = await openByPassphrase({ wraps }, passphrase, { place, tools })
    try {
      await work(homeKey, wraps)
    } finally {
      homeKey.fill(0)
    }
  }

  async function keep(wraps: readonly Wrap[]): Promise<void> {
    if (!wraps.some(({ kind }) => kind === 'passphrase')) throw noPassphrase()
    if (wraps.length > MAX_WRAPS) {
      throw new KithError('ERR_PASSKEY', 'this home has as many passkeys as it may have')
    }
    await place.replace({ plain: undefined, wraps })
  }

  return {
    state: () => homeLockState(place, tools),
    set: async (passphrase) => {
      passphraseBytes(passphrase)
      const kept = await place.read()
      if (kept !== undefined && kept.plain === undefined) throw alreadySet()
      const homeKey = kept?.plain ?? rng.bytes(HOME_KEY_BYTES)
      await place.sealSecrets(homeKey)
      await keep([await passphraseWrap(homeKey, passphrase, tools)])
      homeKey.fill(0)
    },
    change: async (old, passphrase) => {
      passphraseBytes(passphrase)
      await withKey(old, async (homeKey, wraps) => {
        const others = wraps.filter(({ kind }) => kind !== 'passphrase')
        await keep([await passphraseWrap(homeKey, passphrase, tools), ...others])
      })
    },
    remove: (passphrase, keyring) =>
      withKey(passphrase, async (homeKey, wraps) => {
        await place.replace({ plain: homeKey, wraps: [] })
        await forgetKeyring(wraps, keyring)
      }),
    addKeyring: (passphrase, keyring) =>
      withKey(passphrase, async (homeKey, wraps) => {
        const secret = rng.bytes(HOME_KEY_BYTES)
        const name = `home ${hexOf(rng.bytes(8))}`
        // The keyring first: a wrap whose key is nowhere would be of no use to anybody.
        await setInKeyring(keyring, name, hexOf(secret))
        const wrap = { kind: 'keyring', name, sealed: NO_BOX } as const
        const others = wraps.filter(({ kind }) => kind !== 'keyring')
        await keep([...others, await sealHomeKey(homeKey, { wrap, secret }, tools)])
        await forgetKeyring(wraps, keyring)
      }),
    removeKeyring: async (keyring) => {
      const { wraps } = (await place.read()) ?? NOTHING_KEPT
      if (wrapOf({ wraps }, 'keyring') === undefined) return
      await keep(wraps.filter(({ kind }) => kind !== 'keyring'))
      await forgetKeyring(wraps, keyring)
    },
    addPasskey: async (passphrase, name) => {
      const { passkeys } = tools
      if (passkeys === undefined) throw noPasskeys()
      await withKey(passphrase, async (homeKey, wraps) => {
        const salt = rng.bytes(PRF_SALT_BYTES)
        const { credential, secret } = await passkeys.create({ salt, name })
        const wrap = { kind: 'passkey', credential, salt, sealed: NO_BOX } as const
        await keep([...wraps, await sealHomeKey(homeKey, { wrap, secret }, tools)])
      })
    },
    removePasskeys: async () => {
      const { wraps } = (await place.read()) ?? NOTHING_KEPT
      const others = wraps.filter(({ kind }) => kind !== 'passkey')
      if (others.length < wraps.length) await keep(others)
    },
  }
}

async function passphraseWrap(
  homeKey: Uint8Array,
  passphrase: string,
  tools: LockTools,
): Promise<Wrap> {
  const password = passphraseBytes(passphrase)
  const salt = tools.rng.bytes(SALT_BYTES)
  const secret = await tools.argon2id({ password, salt, cost: ARGON2ID_COST })
  const wrap = { kind: 'passphrase', salt, cost: ARGON2ID_COST, sealed: NO_BOX } as const
  const made = await sealHomeKey(homeKey, { wrap, secret }, tools)
  secret.fill(0)
  password.fill(0)
  return made
}

async function setInKeyring(keyring: Keyring, name: string, secret: string): Promise<void> {
  try {
    await keyring.set(name, secret)
  } catch (cause) {
    throw new KithError('ERR_KEYRING', 'the keyring of this computer cannot be used', {
      cause,
      hint: 'Nothing was changed: the passphrase opens this device as before.',
    })
  }
}

/** Best effort: an entry that stays opens nothing any more. */
async function forgetKeyring(wraps: readonly Wrap[], keyring: Keyring | undefined): Promise<void> {
  const wrap = wrapOf({ wraps }, 'keyring')
  if (wrap !== undefined) await keyring?.delete(wrap.name).catch(() => undefined)
}

function alreadySet(): KithError {
  return new KithError('ERR_LOCK_SET', 'this device has a passphrase already', {
    hint: 'Change it with the old one.',
  })
}

function noPasskeys(): KithError {
  return new KithError('ERR_PASSKEY', 'there are no passkeys here', {
    hint: 'Passkeys open a device in a browser, on a page loaded by https.',
  })
}
