/**
 * What a device needs of the machine it runs on, and nothing more. One file per platform implements
 * it (`platform.node.ts`, `platform.browser.ts`); which of them is built in is decided by the
 * `exports` condition, never by a question at run time.
 */

import type { Clock, MaybePromise, Primitives, Rng, Signer } from '@kithmesh/protocol'
import type { Unlock } from './lock/home-key.ts'
import type { HomeLockChanges, HomeLockState } from './lock/home-lock-changes.ts'
import type { Backend } from './store/backend.ts'

/** One process, or one tab, has a home at a time (STO-12). */
export interface HomeLock {
  release(): Promise<void>
}

/** What a value is bound to when it is sealed: the same bytes open it. */
export interface SealContext {
  /** 12 bytes, never used twice. */
  readonly nonce: Uint8Array
  readonly associated: Uint8Array
}

/** The key under which a home keeps its values (STO-20). */
export interface StoreKey {
  /** AES-256-GCM: ciphertext and 16-byte tag. */
  seal(plaintext: Uint8Array, context: SealContext): MaybePromise<Uint8Array>
  /** Undefined when the bytes were not sealed so, with this key and context. */
  open(sealed: Uint8Array, context: SealContext): MaybePromise<Uint8Array | undefined>
  /** HMAC-SHA-256, 32 bytes, under a key of its own. */
  mac(bytes: Uint8Array): MaybePromise<Uint8Array>
  /** Overwrites the key in memory, where the machine lets us. Nothing opens any more then. */
  drop?(): void
}

/** The keys of a home whose lock is open. */
export interface HomeKeys {
  /**
   * The identity key, made when there is none. In a page its private half never leaves WebCrypto.
   * @throws ERR_STORE_CORRUPT
   */
  openIdentity(): Promise<Signer>
  /** The key of the store, made when there is none. @throws ERR_STORE_CORRUPT */
  openStoreKey(): Promise<StoreKey>
  /** As {@link Platform.loadOrCreate}. */
  loadOrCreate(name: string, create: () => MaybePromise<Uint8Array>): Promise<Uint8Array>
  /** What locks the home; one call at a time. */
  readonly lock: HomeLockChanges
  /** Overwrites the home key in memory. */
  drop(): void
}

/** A few bytes beside the store that say how far it came, so that a lost end is noticed (STO-31). */
export interface Anchor {
  /** What was written last, and what before it: the last write may be torn. */
  read(): Promise<readonly Uint8Array[]>
  /** Always as many bytes. Never waits for the disk, never fails: an old anchor is harmless. */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Resolves a moment later, where a write is dear: so many commits share one, and none of them is told of
   * later for it. Keeps no process alive.
   */
  pause?(): Promise<void>
  close(): Promise<void>
}

/** `repaired` keeps what is readable; `anew` sets everything aside and begins empty (STO-35). */
export type OpenCare = 'as-is' | 'repaired' | 'anew'

/** The machine, as one device sees it. */
export interface Platform {
  readonly kind: 'node' | 'browser'
  /** What the device says it is when it is linked. */
  readonly deviceKind: 'cli' | 'browser'
  readonly clock: Clock
  readonly rng: Rng
  /** The algorithms of sessions, native where the machine has them. */
  readonly primitives: Primitives
  /** Name of a device nobody has named: the host's name, or the browser's and its system's. */
  defaultName(): string
  /** What this machine cannot protect, one sentence each, for a person; empty when all is well. */
  limitations(): Promise<readonly string[]>
  /** Takes the home for this process or tab. @throws ERR_HOME_IN_USE */
  lock(home: string): Promise<HomeLock>
  /**
   * The keys of a home that this process or tab has taken. @throws ERR_LOCKED, ERR_PASSPHRASE,
   * ERR_LOCK_BACKOFF, ERR_PASSPHRASE_SIZE, ERR_PASSKEY, ERR_STORE_CORRUPT
   */
  openKeys(home: string, unlock: Unlock): Promise<HomeKeys>
  /** Whether a device lives there. Makes nothing. */
  hasHome(home: string): Promise<boolean>
  /** Deletes what a device wrote there, keys first. Only by who has taken the home. @throws ERR_STORE_WRITE */
  eraseHome(home: string): Promise<void>
  /** What locks a home, told without opening it or taking it. @throws ERR_STORE_CORRUPT */
  lockState(home: string): Promise<HomeLockState>
  /** The identity key of a home that is not locked. @throws ERR_LOCKED, ERR_STORE_CORRUPT */
  openIdentity(home: string): Promise<Signer>
  /** The store key of a home that is not locked. @throws ERR_LOCKED, ERR_STORE_CORRUPT */
  openStoreKey(home: string): Promise<StoreKey>
  openAnchor(home: string): Promise<Anchor>
  /** Opens the ordered bytes of the home. @throws ERR_STORE_CORRUPT, ERR_STORE_OPEN */
  openBackend(home: string, care: OpenCare): Promise<Backend>
  /**
   * A small secret of a home that is not locked, such as a certificate; `create` makes it the first
   * time. `name` is a file name: lower case, digits, dots and hyphens. @throws ERR_LOCKED,
   * ERR_STORE_CORRUPT
   */
  loadOrCreate(
    home: string,
    name: string,
    create: () => MaybePromise<Uint8Array>,
  ): Promise<Uint8Array>
}

/** A home that lives in memory and ends with its store; nothing is locked, nothing written. */
export const MEMORY_HOME = ':memory:'
