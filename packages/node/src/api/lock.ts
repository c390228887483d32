import type { CallOptions } from './options.ts'

/** What locks this device. */
export interface LockState {
  /** Only ever true in the last `lock:changed` of a device. */
  readonly locked: boolean
  /** A passphrase is set. */
  readonly passphrase: boolean
  /** The keyring of the operating system opens it too. */
  readonly keyring: boolean
  /** How many passkeys open it too. */
  readonly passkeys: number
  /** Minutes without use after which it locks by itself; undefined when it does not. */
  readonly autoLockMinutes?: number
}

/** The app lock: a passphrase around the keys of this device. */
export interface DeviceLock {
  state(options?: CallOptions): Promise<LockState>
  /** Sets the first passphrase. @throws ERR_LOCK_SET, ERR_PASSPHRASE_SIZE, ERR_LOCK_UNSUPPORTED */
  set(passphrase: string, options?: CallOptions): Promise<void>
  /** @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF, ERR_LOCK_NONE, ERR_PASSPHRASE_SIZE */
  change(old: string, passphrase: string, options?: CallOptions): Promise<void>
  /** Takes the lock away, keyring and passkeys with it. @throws as `change` */
  remove(passphrase: string, options?: CallOptions): Promise<void>
  /** Stops this device and drops its keys; to go on it is created anew. @throws ERR_LOCK_NONE */
  now(): Promise<void>
  /** Says that somebody uses this device. */
  touch(): void
  readonly autoLock: {
    /** Minutes without use. */
    get(): number | undefined
    /** @throws ERR_LOCK_NONE without a passphrase */
    set(minutes: number | undefined, options?: CallOptions): Promise<void>
  }
  readonly keyring: {
    /** @throws ERR_KEYRING; and as `change` */
    add(passphrase: string, options?: CallOptions): Promise<void>
    remove(options?: CallOptions): Promise<void>
  }
  readonly passkeys: {
    /** Asks the browser for a new passkey. @throws ERR_PASSKEY; and as `change` */
    add(passphrase: string, options?: CallOptions): Promise<void>
    /** This device forgets all of them; the browser still lists them. */
    remove(options?: CallOptions): Promise<void>
  }
}
