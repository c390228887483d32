/** The lock of a running device: what a person sets, and when it locks by itself (LOCK-7, LOCK-8). */

import { type Clock, codec, decoded, KithError, uint } from '@kithmesh/protocol'
import type { DeviceLock, LockState } from '../api/lock.ts'
import type { CallOptions } from '../api/options.ts'
import type { HomeKeys } from '../platform.ts'
import type { Scheduler } from '../scheduler.ts'
import { createSerial } from '../serial.ts'
import type { Store } from '../store/store-types.ts'
import type { Tables } from '../tables.ts'
import { type Keyring, noPassphrase } from './home-key.ts'

/** What the lock of a device stands on. */
export interface AppLockParts {
  readonly keys: HomeKeys
  readonly store: Store
  readonly tables: Tables
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly keyring: Keyring | undefined
  /** Name of this device, which a passkey is shown under. */
  readonly name: string
  /** Aborts when the device stops. */
  readonly signal: AbortSignal
  /** Stops the device; its keys are gone then. */
  readonly lockNow: () => Promise<void>
  readonly onChange: (state: LockState) => void
}

/** Longest time without use before a device locks by itself, in minutes: a week. */
const MAX_AUTO_LOCK_MINUTES = 7 * 24 * 60
const MINUTE_MS = 60_000
/** Timers of a platform end at 2^31 − 1 ms; and a clock that jumped is noticed within the hour. */
const LONGEST_TIMER_MS = 60 * MINUTE_MS
const AUTO_LOCK = 'auto lock'
const minutesCodec = codec(uint({ max: MAX_AUTO_LOCK_MINUTES }), { maxBytes: 9 })

/** Opens the lock; with a time set, it runs from now on. */
export async function openAppLock(parts: AppLockParts): Promise<DeviceLock> {
  const { keys, store, tables, clock, scheduler, keyring, signal } = parts
  const serial = createSerial<'lock'>()
  const kept = await tables.device.get(AUTO_LOCK)
  let minutes = kept && decoded(minutesCodec, kept)
  let used = now()
  let cancel = (): void => undefined

  function now(): { readonly wall: number; readonly monotonic: number } {
    return { wall: clock.now(), monotonic: clock.monotonic() }
  }

  async function state(): Promise<LockState> {
    const { passphrase, keyring: inKeyring, passkeys } = await keys.lock.state()
    return {
      locked: false,
      passphrase,
      keyring: inKeyring,
      passkeys,
      ...(minutes === undefined ? {} : { autoLockMinutes: minutes }),
    }
  }

  /** One change at a time; a device that has stopped changes nothing. */
  function change(
    work: () => Promise<void>,
    { signal: cancelled }: CallOptions = {},
  ): Promise<void> {
    return serial('lock', async () => {
      signal.throwIfAborted()
      cancelled?.throwIfAborted()
      await work()
      parts.onChange(await state())
    })
  }

  async function lock(): Promise<void> {
    signal.throwIfAborted()
    const before = await state()
    if (!before.passphrase) throw noPassphrase()
    cancel()
    await parts.lockNow()
    parts.onChange({ ...before, locked: true })
  }

  async function setMinutes(next: number | undefined): Promise<void> {
    if (next !== undefined) checkMinutes(next)
    if (next !== undefined && !(await keys.lock.state()).passphrase) throw noPassphrase()
    await store.commit([
      next === undefined
        ? tables.device.delete(AUTO_LOCK)
        : tables.device.put(AUTO_LOCK, minutesCodec.encode(next)),
    ])
    minutes = next
    touch()
  }

  function touch(): void {
    used = now()
    wait()
  }

  /** Asks again after what is left: a device in use does not set a timer for each use. */
  function wait(): void {
    cancel()
    if (minutes === undefined || signal.aborted) return
    const left = minutes * MINUTE_MS - idleMs()
    cancel = scheduler.schedule(Math.min(Math.max(left, 0), LONGEST_TIMER_MS), () => {
      if (minutes === undefined || signal.aborted) return
      if (idleMs() < minutes * MINUTE_MS) return wait()
      serial('lock', lock).catch(wait)
    })
  }

  /** The larger of both clocks: one may stand still while the machine sleeps, the other may be set back. */
  function idleMs(): number {
    const { wall, monotonic } = now()
    return Math.max(wall - used.wall, monotonic - used.monotonic)
  }

  signal.addEventListener('abort', () => cancel(), { once: true })
  wait()
  return {
    state,
    set: (passphrase, options) => change(() => keys.lock.set(passphrase), options),
    change: (old, passphrase, options) => change(() => keys.lock.change(old, passphrase), options),
    remove: (passphrase, options) =>
      change(async () => {
        await keys.lock.remove(passphrase, keyring)
        await setMinutes(undefined)
      }, options),
    now: () => serial('lock', lock),
    touch,
    autoLock: {
      get: () => minutes,
      set: (next, options) => change(() => setMinutes(next), options),
    },
    keyring: {
      add: (passphrase, options) =>
        change(() => keys.lock.addKeyring(passphrase, required(keyring)), options),
      remove: (options) => change(() => keys.lock.removeKeyring(keyring), options),
    },
    passkeys: {
      add: (passphrase, options) =>
        change(() => keys.lock.addPasskey(passphrase, parts.name), options),
      remove: (options) => change(() => keys.lock.removePasskeys(), options),
    },
  }
}

function checkMinutes(minutes: number): void {
  if (Number.isSafeInteger(minutes) && minutes >= 1 && minutes <= MAX_AUTO_LOCK_MINUTES) return
  throw new KithError('ERR_MALFORMED', `a whole number of 1 to ${MAX_AUTO_LOCK_MINUTES} minutes`)
}

function required(keyring: Keyring | undefined): Keyring {
  if (keyring !== undefined) return keyring
  throw new KithError('ERR_KEYRING', 'this device was started without a keyring', {
    hint: 'Nothing was changed: the passphrase opens this device as before.',
  })
}
