import type { DeviceLock, LockState } from '@kithmesh/node'

/** The lock of a fake device: a passphrase in memory, and no cryptography. */
export interface FakeLock extends DeviceLock {
  /** What is set; a test may set it first. */
  passphrase: string | undefined
  passkeyCount: number
  /** How often it was told that somebody uses the page. */
  touched: number
}

/** `tell` is told each change; `fail` makes an error as the device throws it. */
export function createFakeLock(
  tell: (state: LockState) => void,
  fail: (code: string) => Error,
): FakeLock {
  let minutes: number | undefined
  const required = (passphrase: string): void => {
    if (lock.passphrase !== passphrase) throw fail('ERR_PASSPHRASE')
  }
  const state = (): LockState => ({
    locked: false,
    passphrase: lock.passphrase !== undefined,
    keyring: false,
    passkeys: lock.passkeyCount,
    ...(minutes === undefined ? {} : { autoLockMinutes: minutes }),
  })
  const lock: FakeLock = {
    passphrase: undefined,
    passkeyCount: 0,
    touched: 0,
    state: async () => state(),
    set: async (passphrase) => {
      lock.passphrase = passphrase
      tell(state())
    },
    change: async (old, passphrase) => {
      required(old)
      lock.passphrase = passphrase
      tell(state())
    },
    remove: async (passphrase) => {
      required(passphrase)
      lock.passphrase = undefined
      lock.passkeyCount = 0
      tell(state())
    },
    now: async () => tell({ ...state(), locked: true }),
    touch: () => {
      lock.touched += 1
    },
    autoLock: {
      get: () => minutes,
      set: async (next) => {
        minutes = next
        tell(state())
      },
    },
    keyring: {
      add: async () => {
        throw fail('ERR_KEYRING')
      },
      remove: async () => undefined,
    },
    passkeys: {
      add: async (passphrase) => {
        required(passphrase)
        lock.passkeyCount += 1
        tell(state())
      },
      remove: async () => {
        lock.passkeyCount = 0
        tell(state())
      },
    },
  }
  return lock
}
