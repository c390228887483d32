/** Opening the home key by whichever wrap opens it (LOCK-1, LOCK-5, LOCK-6). */

import { type Clock, KithError } from '@kithmesh/protocol'
import type { Argon2id } from './argon2id.ts'
import { NO_TRIES, nextTryAt, type Tries, triesNow, withTry } from './backoff.ts'
import { openHomeKeyBox, type SealTools } from './home-key-seal.ts'
import { passphraseBytes } from './passphrase.ts'
import { type KeptHomeKey, wrapOf, wrapsOf } from './wraps.ts'

/** The keyring of the operating system, as a host brings it. What it throws means: not now. */
export interface Keyring {
  get(name: string): Promise<string | undefined>
  set(name: string, secret: string): Promise<void>
  delete(name: string): Promise<void>
}

/** Where a home keeps its home key and what was tried on it. Each write is on the disk, whole or not at all. */
export interface LockPlace {
  read(): Promise<KeptHomeKey | undefined>
  /** Puts `kept` in the place of what is there, and takes the old bytes off the disk as far as it can. */
  replace(kept: KeptHomeKey): Promise<void>
  /** Makes a home key where there is none, and seals under it whatever secret lies there plain. */
  sealSecrets(homeKey: Uint8Array): Promise<void>
  readTries(): Promise<Tries | undefined>
  writeTries(tries: Tries): Promise<void>
}

/** The passkeys of a browser; missing elsewhere. */
export interface Passkeys {
  /** Makes one and the secret it gives for `salt`. @throws ERR_PASSKEY */
  create(asked: { readonly salt: Uint8Array; readonly name: string }): Promise<PasskeySecret>
  /** Asks for any of these. @throws ERR_PASSKEY */
  get(
    known: readonly { readonly credential: Uint8Array; readonly salt: Uint8Array }[],
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<PasskeySecret>
}

/** What a passkey gave: 32 bytes that only it gives for that salt. */
export interface PasskeySecret {
  readonly credential: Uint8Array
  readonly secret: Uint8Array
}

/** What locking takes from outside. */
export interface LockTools extends SealTools {
  readonly clock: Clock
  readonly argon2id: Argon2id
  readonly passkeys?: Passkeys | undefined
}

/** What may open a locked home; each is asked only when it is needed. */
export interface Unlock {
  readonly passphrase?: string | (() => Promise<string>) | undefined
  readonly keyring?: Keyring | undefined
  /** Ask the browser for a passkey of this home. */
  readonly passkey?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The key of a home that has one. @throws ERR_LOCKED when nothing was given that could open it,
 * ERR_PASSPHRASE, ERR_LOCK_BACKOFF, ERR_PASSPHRASE_SIZE, ERR_PASSKEY
 */
export async function openHomeKey(
  kept: KeptHomeKey,
  {
    unlock,
    place,
    tools,
  }: { readonly unlock: Unlock; readonly place: LockPlace; readonly tools: LockTools },
): Promise<Uint8Array> {
  if (kept.plain !== undefined) return kept.plain
  const byKeyring = await openByKeyring(kept, unlock.keyring, tools)
  if (byKeyring !== undefined) return byKeyring
  if (unlock.passkey === true) return openByPasskey(kept, unlock, tools)
  if (unlock.passphrase === undefined) throw locked()
  const { passphrase } = unlock
  const given = typeof passphrase === 'string' ? passphrase : await passphrase()
  return openByPassphrase(kept, given, { place, tools })
}

/**
 * Each try is counted on the disk before it is made, so that ending the process saves nobody a wait.
 *
 * @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF, ERR_PASSPHRASE_SIZE, ERR_LOCK_NONE
 */
export async function openByPassphrase(
  kept: Pick<KeptHomeKey, 'wraps'>,
  passphrase: string,
  { place, tools }: { readonly place: LockPlace; readonly tools: LockTools },
): Promise<Uint8Array> {
  const wrap = wrapOf(kept, 'passphrase')
  if (wrap === undefined) throw noPassphrase()
  const password = passphraseBytes(passphrase)
  const before = await triesOf(place, tools.clock)
  refuseEarly(before, tools.clock)
  const counted = withTry(before, tools.clock.now())
  await place.writeTries(counted)
  const secret = await tools.argon2id({ password, salt: wrap.salt, cost: wrap.cost })
  const homeKey = await openHomeKeyBox({ wrap, secret }, tools.primitives)
  secret.fill(0)
  password.fill(0)
  if (homeKey === undefined) throw wrongPassphrase(counted)
  await place.writeTries(NO_TRIES)
  return homeKey
}

/** The tries as they count now. */
async function triesOf(place: LockPlace, clock: Clock): Promise<Tries> {
  const kept = (await place.readTries()) ?? NO_TRIES
  const counting = triesNow(kept, clock.now())
  // The clock went back: the wait that starts anew must not start anew at every look.
  if (counting.at !== kept.at) await place.writeTries(counting)
  return counting
}

async function openByKeyring(
  kept: KeptHomeKey,
  keyring: Keyring | undefined,
  { primitives }: LockTools,
): Promise<Uint8Array | undefined> {
  const wrap = wrapOf(kept, 'keyring')
  if (wrap === undefined || keyring === undefined) return undefined
  // A keyring that is locked or gone is no reason to fail: the passphrase opens the same key.
  const stored = await keyring.get(wrap.name).catch(() => undefined)
  const secret = stored === undefined ? undefined : bytesOfHex(stored)
  return secret && openHomeKeyBox({ wrap, secret }, primitives)
}

async function openByPasskey(
  kept: KeptHomeKey,
  { signal }: Unlock,
  { passkeys, primitives }: LockTools,
): Promise<Uint8Array> {
  const known = wrapsOf(kept, 'passkey')
  if (passkeys === undefined || known.length === 0) {
    throw new KithError('ERR_PASSKEY', 'no passkey opens this home', { hint: BY_PASSPHRASE })
  }
  const { credential, secret } = await passkeys.get(known, { signal })
  const wrap = known.find((one) => hexOf(one.credential) === hexOf(credential))
  const homeKey = wrap && (await openHomeKeyBox({ wrap, secret }, primitives))
  if (homeKey !== undefined) return homeKey
  throw new KithError('ERR_PASSKEY', 'this passkey does not open this home', {
    hint: BY_PASSPHRASE,
  })
}

const BY_PASSPHRASE = 'Unlock it with the passphrase, which opens the same.'

/** @throws ERR_LOCK_BACKOFF */
function refuseEarly(tries: Tries, clock: Clock): void {
  const allowed = nextTryAt(tries)
  const waitMs = allowed - clock.now()
  if (waitMs <= 0) return
  throw new KithError(
    'ERR_LOCK_BACKOFF',
    `too many wrong passphrases: the next try is allowed at ${new Date(allowed).toISOString()}`,
    { hint: `Try again in ${waitText(waitMs)}.` },
  )
}

function wrongPassphrase(tries: Tries): KithError {
  const wait = nextTryAt(tries) - tries.at
  return new KithError('ERR_PASSPHRASE', 'the passphrase is wrong', {
    hint: wait > 0 ? `The next try is allowed in ${waitText(wait)}.` : 'Try again.',
  })
}

function waitText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  return seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

/** Nothing here opens without the person. */
export function locked(): KithError {
  return new KithError('ERR_LOCKED', 'this device is locked', {
    hint: 'Unlock it with its passphrase.',
  })
}

export function noPassphrase(): KithError {
  return new KithError('ERR_LOCK_NONE', 'this device has no passphrase', {
    hint: 'Set one first.',
  })
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOfHex(hex: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{2})+$/.test(hex)) return undefined
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
