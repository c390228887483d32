import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { lockTools, memoryKeyring, type TestLockTools } from '../../test/lock-tools.ts'
import { nodePlatform } from '../platform.node.ts'
import { argon2idInThread } from './argon2id.node.ts'
import { ARGON2ID_COST } from './argon2id.ts'
import { openHomeKey, type Unlock } from './home-key.ts'
import { openHomeKeyBox, sealHomeKey } from './home-key-seal.ts'
import { createHomeLockChanges, type HomeLockChanges } from './home-lock-changes.ts'
import { type NodeLockPlace, openNodeLockPlace } from './lock-place.node.ts'
import { wrapOf } from './wraps.ts'

const SEED = new TextEncoder().encode('seed of the identity, 32 bytes..')
const PASSPHRASE = 'kite lamp orbit stone river'

interface Home {
  readonly home: string
  readonly tools: TestLockTools
  readonly place: NodeLockPlace
  readonly lock: HomeLockChanges
  /** Opens the home anew, as the next start does, and gives its identity's seed. */
  open(unlock?: Unlock): Promise<Uint8Array>
}

async function freshHome(): Promise<Home> {
  const home = await mkdtemp(join(tmpdir(), 'kith-lock-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const tools = lockTools()
  const place = openNodeLockPlace(home, tools)
  await place.loadOrCreate('identity.key', undefined, () => SEED)
  const lock = createHomeLockChanges(place, tools)
  const open: Home['open'] = async (unlock = {}) => {
    await place.tidy()
    const kept = await place.read()
    const homeKey = kept && (await openHomeKey(kept, { unlock, place, tools }))
    return place.loadOrCreate('identity.key', homeKey, never)
  }
  return { home, tools, place, lock, open }
}

function never(): never {
  throw new Error('the secret was there, and was to be made anew')
}

const failing = (code: string): unknown => expect.objectContaining({ code })

test('LOCK-1 a home without a passphrase opens by itself, and has no file more than before', async () => {
  const { home, open, lock } = await freshHome()
  expect(await open()).toEqual(SEED)
  expect(await readdir(home)).toEqual(['identity.key'])
  expect(await lock.state()).toMatchObject({ passphrase: false, wrongTries: 0 })
})

test('LOCK-1 with a passphrase it opens by that and by nothing else', async () => {
  const { open, lock } = await freshHome()
  await lock.set(PASSPHRASE)
  await expect(open()).rejects.toEqual(failing('ERR_LOCKED'))
  await expect(open({ passphrase: 'kite' })).rejects.toEqual(failing('ERR_PASSPHRASE'))
  expect(await open({ passphrase: PASSPHRASE })).toEqual(SEED)
  expect(await open({ passphrase: async () => PASSPHRASE })).toEqual(SEED)
  expect(await lock.state()).toMatchObject({ passphrase: true })
})

test('LOCK-1 changing it closes the home to the old one; removing it opens the home', async () => {
  const { open, lock } = await freshHome()
  await lock.set('old')
  await expect(lock.set('again')).rejects.toEqual(failing('ERR_LOCK_SET'))
  await expect(lock.change('wrong', 'new')).rejects.toEqual(failing('ERR_PASSPHRASE'))
  await lock.change('old', 'new')
  await expect(open({ passphrase: 'old' })).rejects.toEqual(failing('ERR_PASSPHRASE'))
  expect(await open({ passphrase: 'new' })).toEqual(SEED)
  await expect(lock.remove('old', undefined)).rejects.toEqual(failing('ERR_PASSPHRASE'))
  await lock.remove('new', undefined)
  expect(await open()).toEqual(SEED)
  await expect(lock.change('new', 'other')).rejects.toEqual(failing('ERR_LOCK_NONE'))
  await lock.set('third')
  expect(await open({ passphrase: 'third' })).toEqual(SEED)
})

test('LOCK-3 the same passphrase typed in another form opens it', async () => {
  const { open, lock } = await freshHome()
  await lock.set('Zürich')
  expect(await open({ passphrase: 'Zu\u0308rich' })).toEqual(SEED)
})

test('LOCK-2 a box opens under one key only, and not beside another head', async () => {
  const { primitives, rng } = lockTools()
  const [homeKey, secret] = [rng.bytes(32), rng.bytes(32)]
  const wrap = { kind: 'keyring', name: 'home 1', sealed: new Uint8Array(92) } as const
  const sealed = await sealHomeKey(homeKey, { wrap, secret }, { primitives, rng })
  expect(await openHomeKeyBox({ wrap: sealed, secret }, primitives)).toEqual(homeKey)
  const refused = [
    { wrap: sealed, secret: rng.bytes(32) },
    { wrap: { ...sealed, name: 'home 2' }, secret },
    // The commitment alone, then the box alone: each is looked at.
    { wrap: { ...sealed, sealed: flipped(sealed.sealed, 0) }, secret },
    { wrap: { ...sealed, sealed: flipped(sealed.sealed, 60) }, secret },
  ]
  for (const other of refused) expect(await openHomeKeyBox(other, primitives)).toBeUndefined()
})

test('LOCK-4 a try costs Argon2id, 64 MiB, 3 passes, 1 lane, with a salt of its own', async () => {
  const { place, tools, lock } = await freshHome()
  const asked: unknown[] = []
  const watched = {
    ...tools,
    argon2id: (input: Parameters<typeof tools.argon2id>[0]) => {
      asked.push({ ...input.cost, salt: input.salt.length })
      return tools.argon2id(input)
    },
  }
  await createHomeLockChanges(place, watched).set(PASSPHRASE)
  const first = wrapOf((await place.read()) ?? { wraps: [] }, 'passphrase')
  expect(asked).toEqual([{ memoryKiB: 65_536, passes: 3, lanes: 1, salt: 16 }])
  expect(first?.cost).toEqual({ memoryKiB: 65_536, passes: 3, lanes: 1 })
  await lock.change(PASSPHRASE, PASSPHRASE)
  const second = wrapOf((await place.read()) ?? { wraps: [] }, 'passphrase')
  expect(second?.salt).not.toEqual(first?.salt)
})

test('LOCK-4 the thread computes Argon2id 1.3 (test vector of the reference implementation)', async () => {
  const text = new TextEncoder()
  const hash = await argon2idInThread({
    password: text.encode('password'),
    salt: text.encode('somesalt'),
    cost: { memoryKiB: ARGON2ID_COST.memoryKiB, passes: 2, lanes: 1 },
  })
  expect(Buffer.from(hash).toString('hex')).toBe(
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  )
})

test('LOCK-4 the device goes on while the passphrase is tried', async () => {
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  onTestFinished(() => clearInterval(counting))
  const salt = new Uint8Array(16)
  await argon2idInThread({ password: salt, salt, cost: ARGON2ID_COST })
  expect(turns).toBeGreaterThan(0)
})

test('LOCK-6 wrong tries are counted over restarts, and make the next one wait', async () => {
  const { open, lock, tools, place, home } = await freshHome()
  await lock.set(PASSPHRASE)
  for (let at = 0; at < 5; at++) {
    await expect(open({ passphrase: `${at}` })).rejects.toEqual(failing('ERR_PASSPHRASE'))
  }
  expect(await lock.state()).toMatchObject({ wrongTries: 5, nextTryAt: tools.wall + 1_000 })
  // Another process, which knows only what stands in the home.
  const other = openNodeLockPlace(home, tools)
  const kept = await other.read()
  if (kept === undefined) throw new Error('no key')
  const argon2id = vi.fn(tools.argon2id)
  const trying = (): Promise<Uint8Array> =>
    openHomeKey(kept, {
      unlock: { passphrase: PASSPHRASE },
      place: other,
      tools: { ...tools, argon2id },
    })
  await expect(trying()).rejects.toMatchObject({
    code: 'ERR_LOCK_BACKOFF',
    message: expect.stringContaining(new Date(tools.wall + 1_000).toISOString()),
  })
  // Refused before it was looked at, also when it is the right one.
  expect(argon2id).not.toHaveBeenCalled()
  tools.wall -= 3_600_000
  await expect(trying()).rejects.toEqual(failing('ERR_LOCK_BACKOFF'))
  tools.wall += 1_000
  await expect(trying()).resolves.toHaveLength(32)
  expect(await place.readTries()).toEqual({ wrong: 0, at: 0 })
})

test('LOCK-6 a try is counted before it is made: ending the process saves no wait', async () => {
  const { lock, tools, place } = await freshHome()
  await lock.set(PASSPHRASE)
  const kept = await place.read()
  if (kept === undefined) throw new Error('no key')
  const begun = Promise.withResolvers<void>()
  const argon2id = (): Promise<never> => {
    begun.resolve()
    return new Promise(() => undefined)
  }
  void openHomeKey(kept, { unlock: { passphrase: 'x' }, place, tools: { ...tools, argon2id } })
  await begun.promise
  expect(await place.readTries()).toMatchObject({ wrong: 1 })
})

test('LOCK-10 a keyring opens the same key; without it the passphrase does', async () => {
  const { open, lock } = await freshHome()
  const keyring = memoryKeyring()
  await expect(lock.addKeyring(PASSPHRASE, keyring)).rejects.toEqual(failing('ERR_LOCK_NONE'))
  await lock.set(PASSPHRASE)
  await lock.addKeyring(PASSPHRASE, keyring)
  expect(await open({ keyring })).toEqual(SEED)
  keyring.broken = true
  await expect(open({ keyring })).rejects.toEqual(failing('ERR_LOCKED'))
  expect(await open({ keyring, passphrase: PASSPHRASE })).toEqual(SEED)
  keyring.broken = false
  keyring.entries.clear()
  expect(await open({ keyring, passphrase: PASSPHRASE })).toEqual(SEED)
  await lock.change(PASSPHRASE, 'new')
  expect(await lock.state()).toMatchObject({ keyring: true })
  await lock.removeKeyring(keyring)
  expect(await lock.state()).toMatchObject({ keyring: false, passphrase: true })
  expect(await open({ passphrase: 'new' })).toEqual(SEED)
})

test('LOCK-10 a keyring that takes nothing changes nothing', async () => {
  const { open, lock, place } = await freshHome()
  const keyring = memoryKeyring()
  await lock.set(PASSPHRASE)
  const before = await place.read()
  keyring.broken = true
  await expect(lock.addKeyring(PASSPHRASE, keyring)).rejects.toEqual(failing('ERR_KEYRING'))
  expect(await place.read()).toEqual(before)
  expect(await open({ passphrase: PASSPHRASE })).toEqual(SEED)
})

test('LOCK-5 no cut between two writes leaves a home that neither the old nor the new opens', async () => {
  const stories: readonly Story[] = [
    { name: 'set', before: async () => undefined, old: {}, next: { passphrase: 'new' } },
    {
      name: 'change',
      before: (lock) => lock.set('old'),
      old: { passphrase: 'old' },
      next: { passphrase: 'new' },
    },
    { name: 'remove', before: (lock) => lock.set('old'), old: { passphrase: 'old' }, next: {} },
  ]
  for (const story of stories) {
    const steps = await cutAt(story, Number.POSITIVE_INFINITY)
    expect(steps, story.name).toBeGreaterThan(3)
    for (let step = 1; step <= steps; step++) await cutAt(story, step)
  }
}, 120_000)

interface Story {
  readonly name: 'set' | 'change' | 'remove'
  readonly before: (lock: HomeLockChanges) => Promise<void>
  readonly old: Unlock
  readonly next: Unlock
}

/** Ends after so many steps, as if the power went: nothing that would come after is done. */
async function cutAt({ name, before, old, next }: Story, last: number): Promise<number> {
  const { home, tools, lock, open } = await freshHome()
  await before(lock)
  let steps = 0
  const cut = Promise.withResolvers<'cut'>()
  const place = openNodeLockPlace(home, tools, {
    afterStep: () => {
      steps += 1
      if (steps < last) return
      cut.resolve('cut')
      return new Promise(() => undefined)
    },
  })
  const changes = createHomeLockChanges(place, tools)
  const calls = {
    set: () => changes.set('new'),
    change: () => changes.change('old', 'new'),
    remove: () => changes.remove('old', undefined),
  }
  const ended = await Promise.race([calls[name](), cut.promise])
  if (ended !== 'cut') return steps
  const opened = await Promise.allSettled([open(next)])
  const seeds = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  if (seeds.length === 0) seeds.push(await open(old))
  expect(seeds, `${name} cut at ${last}`).toEqual([SEED])
  // What the cut left undone is done by now: no old bytes wait under another name.
  const names = await readdir(home)
  expect(names.filter((one) => one.endsWith('.spent') || one.endsWith('.new'))).toEqual([])
  return steps
}

test('LOCK-5 E5 with a passphrase set no file of the home holds a secret, nor does a freed one', async () => {
  const { home, lock, place, tools } = await freshHome()
  const storeKey = tools.rng.bytes(32)
  await place.loadOrCreate('store.key', undefined, () => storeKey)
  const held = await Promise.all(
    ['identity.key', 'store.key'].map(async (name) => join(home, name)),
  )
  for (const path of held) expect((await stat(path)).size).toBe(64)
  // A second name for each file, to look at its bytes once the home has let it go.
  const { link } = await import('node:fs/promises')
  await Promise.all(held.map((path) => link(path, `${path}-seen-by-the-test`)))
  await lock.set(PASSPHRASE)
  const files = await contentsOf(home)
  expect(files.size).toBeGreaterThan(4)
  for (const [name, bytes] of files) {
    for (const secret of [SEED, storeKey, new TextEncoder().encode(PASSPHRASE)]) {
      expect(Buffer.from(bytes).includes(Buffer.from(secret)), name).toBe(false)
    }
  }
  const modes = await Promise.all(
    ['home.key', 'identity.key.sealed'].map(async (name) => (await stat(join(home, name))).mode),
  )
  for (const mode of modes) expect(mode & 0o777).toBe(0o600)
})

test('LOCK-5 what was the plain key is overwritten when a passphrase takes its place', async () => {
  const { home, lock, place } = await freshHome()
  await lock.set('one')
  await lock.remove('one', undefined)
  const plain = (await place.read())?.plain
  if (plain === undefined) throw new Error('no plain key')
  const { link } = await import('node:fs/promises')
  await link(join(home, 'home.key'), join(home, 'seen-by-the-test'))
  await lock.set('two')
  const old = await readFile(join(home, 'seen-by-the-test'))
  expect(old.includes(Buffer.from(plain))).toBe(false)
})

test('LOCK-5 a secret that somebody puts unsealed into a locked home is refused', async () => {
  const { home, lock, place, tools } = await freshHome()
  await lock.set(PASSPHRASE)
  const forger = openNodeLockPlace(home, tools)
  await forger.loadOrCreate('webrtc.cert', undefined, () => new Uint8Array(100))
  const kept = await place.read()
  if (kept === undefined) throw new Error('no key')
  const homeKey = await openHomeKey(kept, { unlock: { passphrase: PASSPHRASE }, place, tools })
  await expect(place.loadOrCreate('webrtc.cert', homeKey, never)).rejects.toEqual(
    failing('ERR_STORE_CORRUPT'),
  )
})

test('LOCK-1 E2 every flipped bit of the key file is told, and makes no other key', async () => {
  const { home, lock, open } = await freshHome()
  await lock.set(PASSPHRASE)
  const path = join(home, 'home.key')
  const whole = await readFile(path)
  for (let bit = 0; bit < whole.length * 8; bit += 13) {
    await writeFile(path, flipped(whole, bit >> 3, 1 << (bit & 7)))
    await expect(open({ passphrase: PASSPHRASE })).rejects.toEqual(failing('ERR_STORE_CORRUPT'))
  }
})

test('LOCK-1 the real machine: a locked home opens by its passphrase, its secrets as they were', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kith-lock-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const before = await nodePlatform.openIdentity(home)
  const keys = await nodePlatform.openKeys(home, {})
  await keys.openStoreKey()
  await keys.lock.set(PASSPHRASE)
  // Made after the passphrase was set by a device that was open meanwhile.
  const certificate = await keys.loadOrCreate('webrtc.cert', () => new Uint8Array(80).fill(7))
  expect((await readdir(home)).sort()).toEqual([
    'home.key',
    'identity.key.sealed',
    'store.key.sealed',
    'webrtc.cert.sealed',
  ])
  for (const open of [
    () => nodePlatform.openIdentity(home),
    () => nodePlatform.openStoreKey(home),
    () => nodePlatform.loadOrCreate(home, 'webrtc.cert', never),
  ]) {
    await expect(open()).rejects.toEqual(failing('ERR_LOCKED'))
  }
  expect(await nodePlatform.lockState(home)).toMatchObject({ passphrase: true })
  const again = await nodePlatform.openKeys(home, { passphrase: PASSPHRASE })
  expect((await again.openIdentity()).publicKey).toEqual(before.publicKey)
  expect(await again.loadOrCreate('webrtc.cert', never)).toEqual(certificate)
})

function flipped(bytes: Uint8Array, at: number, mask = 1): Uint8Array {
  return bytes.with(at, (bytes[at] ?? 0) ^ mask)
}

async function contentsOf(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return new Map(
    await Promise.all(
      files.map(async ({ name, parentPath }) => {
        const path = join(parentPath, name)
        return [path, await readFile(path)] as const
      }),
    ),
  )
}
