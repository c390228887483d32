import { checkPrimitives, codec, text, verifySignature } from '@kithmesh/protocol'
import { Level } from 'level'
import { describe, expect, test, vi } from 'vitest'
import { browserName, createBrowserPlatform } from '../platform.browser.ts'
import { MEMORY_HOME } from '../platform.ts'
import { lockByDatabase } from './home-lock.browser.ts'
import { singleKey, textPart } from './key-codec.ts'
import { replaceKeys } from './key-database.browser.ts'
import { BYTE_LEVEL } from './level-backend.ts'
import { openStore } from './store.ts'
import { storeCases } from './store-compliance.ts'
import type { Store, Table } from './store-types.ts'

const platform = await createBrowserPlatform()
const { clock, rng } = platform

function freshHome(): string {
  return `test-${rng.bytes(8).join('-')}`
}

async function open(home: string): Promise<Store> {
  const store = await openStore({ home, platform }, { clock, rng })
  await store.audited
  return store
}

function textsOf(store: Store): Table<string, string> {
  const value = codec(text({ max: 1_000 }), { maxBytes: 4_100 })
  return store.table('texts', { key: singleKey(textPart()), value })
}

describe('in IndexedDB', () => {
  for (const { name, run } of storeCases) {
    const home = freshHome()
    test(name, () => run({ isKept: true, open: () => open(home) }))
  }
})

describe('in memory', () => {
  for (const { name, run } of storeCases) {
    test(name, () => run({ isKept: false, open: () => open(MEMORY_HOME) }))
  }
})

describe('STO-40 durability', () => {
  test('STO-40 E2 every transaction that writes is strict', async () => {
    const seen: string[] = []
    const { transaction } = IDBDatabase.prototype
    IDBDatabase.prototype.transaction = function (names, mode, options) {
      const made = transaction.call(this, names, mode, options)
      if (mode === 'readwrite') seen.push(made.durability)
      return made
    }
    try {
      await using store = await open(freshHome())
      const texts = textsOf(store)
      await store.commit([texts.put('a', 'one')])
      await store.commit([texts.delete('a')])
    } finally {
      IDBDatabase.prototype.transaction = transaction
    }
    expect(seen.length).toBeGreaterThan(2)
    expect(new Set(seen)).toEqual(new Set(['strict']))
  })
})

describe('STO-14 one tab at a time', () => {
  test('STO-14 E3 a second opening is refused, and the first stays intact', async () => {
    const home = freshHome()
    await using store = await open(home)
    await expect(open(home)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    await expect(inFrame(home)).resolves.toBe('held')
    await store.commit([textsOf(store).put('still', 'here')])
    expect(await textsOf(store).get('still')).toBe('here')
    await store.close()
    await expect(inFrame(home)).resolves.toBe('free')
    await using again = await open(home)
    expect(again.damage).toEqual([])
  })

  test('STO-14 without Web Locks a database is the lock', async () => {
    const name = freshHome()
    const first = await lockByDatabase(name)
    await expect(lockByDatabase(name)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    // The refused request still waits in the browser; a third must not wait with it for ever.
    await expect(lockByDatabase(name)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    await expect(lockByDatabase(name)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    await first.release()
    const next = await lockByDatabase(name)
    await next.release()
  })

  test('STO-14 without Web Locks exactly one of a crowd gets the lock', async () => {
    const name = freshHome()
    const locks = await Promise.allSettled([1, 2, 3, 4].map(() => lockByDatabase(name)))
    const won = locks.filter((lock) => lock.status === 'fulfilled')
    expect(won).toHaveLength(1)
  })
})

describe('losses in a page', () => {
  test('STO-30 E3 a damaged and a lost value are noticed', async () => {
    const home = freshHome()
    {
      await using store = await open(home)
      const texts = textsOf(store)
      await store.commit(['a', 'b', 'c'].map((key) => texts.put(key, key)))
    }
    await raw(home, async (level) => {
      const [one, two] = await level.iterator({ gte: Uint8Array.of(1) }).all()
      if (one === undefined || two === undefined) throw new Error('the store is empty')
      await level.del(one[0])
      await level.put(two[0], two[1].with(40, (two[1][40] ?? 0) ^ 1))
    })
    await using store = await open(home)
    expect(store.damage).toEqual([
      expect.objectContaining({ kind: 'table', table: 'texts', expected: 3, found: 2 }),
    ])
    await expect(textsOf(store).get('b')).rejects.toMatchObject({ code: 'ERR_STORE_CORRUPT' })
  })

  test('STO-31 E3 an evicted database is noticed', async () => {
    const home = freshHome()
    {
      await using store = await open(home)
      await store.commit([textsOf(store).put('a', 'one')])
    }
    await raw(home, (level) => level.clear())
    await using store = await open(home)
    expect(store.damage).toEqual([expect.objectContaining({ kind: 'commits', lost: 1 })])
  })

  test('STO-20 E5 no text stands in the database', async () => {
    const home = freshHome()
    {
      await using store = await open(home)
      await store.commit([textsOf(store).put('key', 'canary-text-5150')])
    }
    await raw(home, async (level) => {
      for await (const [, value] of level.iterator()) {
        expect(new TextDecoder('latin1').decode(value)).not.toContain('canary')
      }
    })
  })
})

describe('the platform of a page', () => {
  test('SES-1 the primitives agree with the vectors', async () => {
    expect(await checkPrimitives(platform.primitives)).toEqual([])
  })

  test('STO-41 the identity stays, signs, and shows its private half to nobody', async () => {
    const home = freshHome()
    const one = await platform.openIdentity(home)
    const two = await platform.openIdentity(home)
    expect(two.publicKey).toEqual(one.publicKey)
    const bytes = rng.bytes(100)
    const signature = await one.sign(bytes)
    const { publicKey } = one
    expect(verifySignature(publicKey, bytes, signature)).toBe(true)
    expect(await platform.primitives.verifyEd25519({ publicKey, bytes, signature })).toBe(true)
    const changed = signature.with(3, (signature[3] ?? 0) ^ 1)
    expect(await platform.primitives.verifyEd25519({ publicKey, bytes, signature: changed })).toBe(
      false,
    )
    const stored = await storedKey(home, 'identity.key')
    expect(stored).toMatchObject({ privateKey: { extractable: false } })
    expect(await platform.limitations()).not.toContainEqual(expect.stringContaining('https'))
  })

  test('STO-41 the store key stands there sealed, under a key that cannot be read', async () => {
    const home = freshHome()
    await platform.openStoreKey(home)
    expect(await storedKey(home, 'store.key')).toEqual({ sealed: expect.any(Uint8Array) })
    const stored = await storedKey(home, 'home.key')
    expect(stored).toMatchObject({ plain: { key: { extractable: false } } })
  })

  test('STO-41 a store whose keys an earlier version made opens as before', async () => {
    const home = freshHome()
    const seal = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ])
    const mac = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    await replaceKeys(home, new Map([['store.key', { seal, mac }]]))
    {
      await using store = await open(home)
      await store.commit([textsOf(store).put('a', 'one')])
    }
    await using again = await open(home)
    expect(await textsOf(again).get('a')).toBe('one')
    const { lock } = await platform.openKeys(home, {})
    await expect(lock.set('kite')).rejects.toMatchObject({ code: 'ERR_LOCK_UNSUPPORTED' })
  })

  test('STO-25 a small secret is made once', async () => {
    const home = freshHome()
    const one = await platform.loadOrCreate(home, 'certificate', () => rng.bytes(10))
    const two = await platform.loadOrCreate(home, 'certificate', () => rng.bytes(10))
    expect(two).toEqual(one)
  })

  test('STO-42 the browser is asked to keep the home, and its refusal is said', async () => {
    const asked = vi.spyOn(navigator.storage, 'persist').mockResolvedValue(false)
    const granted = vi.spyOn(navigator.storage, 'persisted').mockResolvedValue(false)
    try {
      await using _ = await open(freshHome())
      expect(asked).toHaveBeenCalled()
      const warning = expect.stringContaining('The browser may delete this device')
      expect(await platform.limitations()).toContainEqual(warning)
      granted.mockResolvedValue(true)
      expect(await platform.limitations()).not.toContainEqual(warning)
    } finally {
      asked.mockRestore()
      granted.mockRestore()
    }
  })

  test('a page names itself after its browser', () => {
    expect(platform.defaultName()).toBe('Chrome on Linux')
    expect(browserName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1')).toBe(
      'Safari on iPhone',
    )
    expect(browserName('something else')).toBe('Browser')
  })
})

/** What another page of this origin sees of the lock. */
async function inFrame(home: string): Promise<'held' | 'free'> {
  const frame = document.createElement('iframe')
  document.body.append(frame)
  try {
    const locks = frame.contentWindow?.navigator.locks
    if (locks === undefined) throw new Error('no frame')
    return await locks.request(`kith-lock-${home}`, { ifAvailable: true }, (lock) =>
      lock === null ? 'held' : 'free',
    )
  } finally {
    frame.remove()
  }
}

type Raw = Level<Uint8Array, Uint8Array>

async function raw(home: string, change: (level: Raw) => Promise<void>): Promise<void> {
  const level: Raw = new Level(home, { ...BYTE_LEVEL, prefix: 'kith-data-' })
  await level.open()
  await change(level)
  await level.close()
}

function storedKey(home: string, name: string): Promise<unknown> {
  return new Promise((settle, refuse) => {
    const opening = indexedDB.open(`kith-keys-${home}`)
    opening.onerror = () => refuse(opening.error)
    opening.onsuccess = () => {
      const request = opening.result.transaction('keys').objectStore('keys').get(name)
      request.onsuccess = () => settle(request.result)
      request.onerror = () => refuse(request.error)
    }
  })
}
