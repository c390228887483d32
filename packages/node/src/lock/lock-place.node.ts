/** The lock of a home in Node: `home.key` and `tries` beside the store, secrets in files `….sealed`. */

import { join } from 'node:path'
import {
  bytes,
  type Codec,
  codec,
  decoded,
  KithError,
  type MaybePromise,
  mapped,
  optional,
  record,
  suited,
} from '@kithmesh/protocol'
import {
  checkFileName,
  corrupt,
  ensureHome,
  loadOrCreateFile,
  readFileOf,
} from '../store/secret-file.node.ts'
import { triesCodec } from './backoff.ts'
import {
  type AfterStep,
  type HomeFiles,
  plainSecrets,
  replaceFile,
  scrubFile,
  tidyHome,
} from './home-files.node.ts'
import type { LockPlace } from './home-key.ts'
import type { SealTools } from './home-key-seal.ts'
import { openSecret, sealSecret } from './home-secrets.ts'
import { HOME_KEY_BYTES, type KeptHomeKey, wrapsCodec } from './wraps.ts'

const KEY_FILE = 'home.key'
const TRIES_FILE = 'tries'
const SEALED = '.sealed'
const MAX_RECORD_BYTES = 48 * 1024

/** Where a home in Node keeps its lock, and its secrets under it. */
export interface NodeLockPlace extends LockPlace {
  /** The secret `name`, made the first time. @throws ERR_STORE_CORRUPT */
  loadOrCreate(
    name: string,
    homeKey: Uint8Array | undefined,
    create: () => MaybePromise<Uint8Array>,
  ): Promise<Uint8Array>
  /** Finishes what a crash left undone. Only while this process alone has the home. */
  tidy(): Promise<void>
}

/** The lock of the home in the folder `home`. */
export function openNodeLockPlace(
  home: string,
  tools: SealTools,
  { afterStep = () => undefined }: { readonly afterStep?: AfterStep } = {},
): NodeLockPlace {
  const files: HomeFiles = { home, afterStep }

  async function read(): Promise<KeptHomeKey | undefined> {
    const stored = await readFileOf(home, KEY_FILE)
    if (stored === undefined) return undefined
    const kept = decoded(keptCodec, stored)
    if (kept === undefined) throw corrupt(KEY_FILE)
    return kept
  }

  async function seal(name: string, homeKey: Uint8Array): Promise<void> {
    const plain = await readFileOf(home, name)
    if (plain === undefined) return
    const sealed = await sealSecret({ name, bytes: plain, homeKey }, tools)
    await replaceFile(files, `${name}${SEALED}`, sealed)
    await scrubFile(join(home, name))
    await afterStep('unsealed one gone')
  }

  async function unseal(name: string, homeKey: Uint8Array): Promise<Uint8Array | undefined> {
    const sealed = await readFileOf(home, `${name}${SEALED}`)
    if (sealed === undefined) return undefined
    const opened = await openSecret({ name, sealed, homeKey }, tools.primitives)
    if (opened === undefined) throw corrupt(name)
    return opened
  }

  return {
    read,
    replace: async (kept) => {
      await ensureHome(home)
      await replaceFile(files, KEY_FILE, keptCodec.encode(kept))
    },
    sealSecrets: async (homeKey) => {
      await ensureHome(home)
      await tidyHome(files)
      // Before anything is sealed under it, the key stands on the disk.
      if ((await read()) === undefined) {
        await replaceFile(files, KEY_FILE, keptCodec.encode({ plain: homeKey, wraps: [] }))
      }
      for (const name of await plainSecrets(home, isOurs)) await seal(name, homeKey)
    },
    readTries: async () => {
      const stored = await readFileOf(home, TRIES_FILE)
      return stored && decoded(triesCodec, stored)
    },
    writeTries: async (tries) => replaceFile(files, TRIES_FILE, triesCodec.encode(tries)),
    loadOrCreate: async (name, homeKey, create) => {
      checkFileName(name)
      if (isOurs(name)) throw new KithError('ERR_MALFORMED', 'not a name for a secret')
      if (homeKey === undefined) return loadOrCreateFile(home, name, create)
      const kept = await unseal(name, homeKey)
      if (kept !== undefined) return kept
      const earlier = await plainOfOpenHome(name)
      const bytes = earlier ?? (await create())
      const sealed = await sealSecret({ name, bytes, homeKey }, tools)
      await loadOrCreateFile(home, `${name}${SEALED}`, () => sealed)
      if (earlier !== undefined) await scrubFile(join(home, name))
      const written = await unseal(name, homeKey)
      if (written === undefined) throw corrupt(name)
      return written
    },
    tidy: () => tidyHome(files),
  }

  /** A secret that a cut left unsealed. In a locked home there is none: one that lies there is not ours. */
  async function plainOfOpenHome(name: string): Promise<Uint8Array | undefined> {
    const plain = await readFileOf(home, name)
    if (plain === undefined) return undefined
    if ((await read())?.plain !== undefined) return plain
    throw new KithError('ERR_STORE_CORRUPT', `a file ${name} that this device did not write`, {
      hint: 'Somebody put it into the home. Restore the home from a backup.',
    })
  }
}

/** Files with a check that are no secrets, or sealed ones. */
function isOurs(name: string): boolean {
  return name === KEY_FILE || name === TRIES_FILE || name.endsWith(SEALED)
}

const keptCodec: Codec<KeptHomeKey> = codec(
  suited(
    1,
    mapped(
      record({
        plain: optional(bytes({ length: HOME_KEY_BYTES })),
        wraps: bytes({ max: MAX_RECORD_BYTES }),
      }),
      ({ plain, wraps }: KeptHomeKey) => ({
        ...(plain === undefined ? {} : { plain }),
        wraps: wrapsCodec.encode(wraps),
      }),
      ({ plain, wraps }) => ({ plain, wraps: wrapsCodec.decode(wraps) }),
    ),
  ),
  { maxBytes: MAX_RECORD_BYTES + 64 },
)
