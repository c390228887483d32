/** The lock of a device in memory: a passphrase by home, as a disk would keep it. */

import type { DeviceLock, LockState, NodeOptions } from '@kithmesh/node'

interface Locked {
  passphrase: string
  keyring: boolean
  minutes: number | undefined
}

/** What locks each home of one computer. */
export type FakeLocks = Map<string, Locked>

/** The part of a device that the lock needs. */
interface LockableDevice {
  readonly options: NodeOptions
  readonly events: EventTarget
  touched: number
}

/** Throws as `createNode` does for a locked home. */
export async function openFakeHome(locks: FakeLocks, options: NodeOptions): Promise<void> {
  const locked = locks.get(options.home)
  if (locked === undefined) return
  if (locked.keyring && (await options.keyring?.get('home').catch(() => undefined))) return
  if (options.passphrase === undefined) throw failure('ERR_LOCKED', 'this device is locked')
  const { passphrase } = options
  const given = typeof passphrase === 'string' ? passphrase : await passphrase()
  if (given === 'too often') throw failure('ERR_LOCK_BACKOFF', 'too many wrong passphrases')
  if (given !== locked.passphrase) throw failure('ERR_PASSPHRASE', 'the passphrase is wrong')
}

export function fakeLock(
  fake: LockableDevice,
  { locks, release }: { readonly locks: FakeLocks; readonly release: () => void },
): DeviceLock {
  const { home, keyring } = fake.options
  const required = (passphrase: string): Locked => {
    const locked = locks.get(home)
    if (locked === undefined) throw failure('ERR_LOCK_NONE', 'this device has no passphrase')
    if (locked.passphrase === passphrase) return locked
    throw failure('ERR_PASSPHRASE', 'the passphrase is wrong')
  }
  const state = async (): Promise<LockState> => {
    const locked = locks.get(home)
    return {
      locked: false,
      passphrase: locked !== undefined,
      keyring: locked?.keyring ?? false,
      passkeys: 0,
      ...(locked?.minutes === undefined ? {} : { autoLockMinutes: locked.minutes }),
    }
  }
  return {
    state,
    set: async (passphrase) => {
      if (locks.has(home)) throw failure('ERR_LOCK_SET', 'this device has a passphrase already')
      locks.set(home, { passphrase, keyring: false, minutes: undefined })
    },
    change: async (old, passphrase) => {
      required(old).passphrase = passphrase
    },
    remove: async (passphrase) => {
      required(passphrase)
      locks.delete(home)
    },
    now: async () => {
      if (!locks.has(home)) throw failure('ERR_LOCK_NONE', 'this device has no passphrase')
      const detail = { ...(await state()), locked: true }
      release()
      fake.events.dispatchEvent(new CustomEvent('lock:changed', { detail }))
    },
    touch: () => {
      fake.touched += 1
    },
    autoLock: {
      get: () => locks.get(home)?.minutes,
      set: async (minutes) => {
        const locked = locks.get(home)
        if (locked === undefined) throw failure('ERR_LOCK_NONE', 'this device has no passphrase')
        locked.minutes = minutes
      },
    },
    keyring: {
      add: async (passphrase) => {
        const locked = required(passphrase)
        if (keyring === undefined) throw failure('ERR_KEYRING', 'started without a keyring')
        await keyring.set('home', 'key').catch(() => {
          throw failure('ERR_KEYRING', 'the keyring of this computer cannot be used')
        })
        locked.keyring = true
      },
      remove: async () => {
        const locked = locks.get(home)
        if (locked !== undefined) locked.keyring = false
      },
    },
    passkeys: { add: unsupported, remove: unsupported },
  }
}

async function unsupported(): Promise<never> {
  throw failure('ERR_PASSKEY', 'there are no passkeys here')
}

function failure(code: string, message: string): Error {
  const error = Object.assign(new Error(message), { code })
  error.name = 'KithError'
  return error
}
