/** One tab has a home at a time (STO-14): by Web Locks, or by IndexedDB where a page has none. */

import { KithError } from '@kithmesh/protocol'
import type { HomeLock } from '../platform.ts'
import { openDatabase } from './indexed-db.browser.ts'

/** How long a rival's request may keep the lock database from answering: it then waits for a holder. */
const PATIENCE_MS = 2_000

/** Takes the home for this tab. @throws ERR_HOME_IN_USE */
export function lockHome(home: string): Promise<HomeLock> {
  const name = `kith-lock-${home}`
  // A page that was not loaded by https has no locks, whatever the type says.
  const locks: LockManager | undefined = navigator.locks
  return locks === undefined ? lockByDatabase(name) : lockByManager(name, locks)
}

/** The browser lets the lock go with the tab, also when it crashes. */
function lockByManager(name: string, locks: LockManager): Promise<HomeLock> {
  return new Promise((settle, refuse) => {
    const held = Promise.withResolvers<void>()
    const request = locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) throw inUse()
      settle({
        release: async () => {
          held.resolve()
          await request
        },
      })
      return held.promise
    })
    request.catch(refuse)
  })
}

/**
 * A database may only be upgraded when nobody else has it open, and the browser closes it with the
 * tab: whoever upgrades it holds the lock as long as it stays open. Exported for its test.
 */
export async function lockByDatabase(name: string): Promise<HomeLock> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const probe = await orInUse(
    openDatabase(name, undefined, () => {}),
    patience,
  )
  const next = probe.version + 1
  probe.close()
  const database = await orInUse(upgradeAlone(name, next), patience)
  return { release: async () => database.close() }
}

function upgradeAlone(name: string, version: number): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  return new Promise((settle, refuse) => {
    let isAlone = false
    let isAbandoned = false
    request.onblocked = () => {
      isAbandoned = true
      refuse(inUse())
    }
    request.onupgradeneeded = () => {
      isAlone = !isAbandoned
      // The holder has gone meanwhile, but nobody waits here any more.
      if (isAbandoned) request.transaction?.abort()
    }
    request.onsuccess = () => {
      if (isAlone) return settle(request.result)
      // Somebody else made the same upgrade first.
      request.result.close()
      refuse(inUse())
    }
    request.onerror = () => refuse(inUse())
  })
}

/** What `opening` opens, unless that takes too long: then it is closed when it comes. */
async function orInUse(opening: Promise<IDBDatabase>, patience: AbortSignal): Promise<IDBDatabase> {
  const tooLong = new Promise<undefined>((settle) => {
    patience.addEventListener('abort', () => settle(undefined), { once: true })
  })
  const database = await Promise.race([opening, tooLong])
  if (database !== undefined) return database
  opening.then(
    (late) => late.close(),
    () => {},
  )
  throw inUse()
}

function inUse(): KithError {
  return new KithError('ERR_HOME_IN_USE', 'this home is already in use', {
    hint: 'Another tab runs on it: close that one, or go on there.',
  })
}
