import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryHub, createMemoryNet } from '@kithmesh/net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { accountOf } from '../../test/devices.ts'
import { memoryKeyring } from '../../test/lock-tools.ts'
import type { LockState } from '../api/lock.ts'
import type { KithNode } from '../api/node.ts'
import type { NodeOptions } from '../api/options.ts'
import { openNode } from '../create-node.ts'
import { createNode, lockStateOf } from '../index.ts'
import { nodePlatform } from '../platform.node.ts'
import { readFileOf } from '../store/secret-file.node.ts'
import { openStore } from '../store/store.ts'
import { openTables } from '../tables.ts'
import { openAppLock } from './app-lock.ts'

const PASSPHRASE = 'kite lamp orbit stone river'
const CANARY = 'the canary sings at five past four'

async function freshHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'kith-app-lock-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  return home
}

/** Devices that meet in memory, with homes on the disk. */
function places(): {
  start(home: string, options?: Partial<NodeOptions>): Promise<KithNode>
} {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  return {
    start: async (home, options = {}) => {
      const network: NodeOptions['network'] = async (identity) => createMemoryNet(hub, { identity })
      const node = await createNode({ home, network, ...options })
      onTestFinished(() => node.stop())
      return node
    },
  }
}

const failing = (code: string): unknown => expect.objectContaining({ code })

describe('a device with a passphrase', () => {
  test('LOCK-7 it goes on as before, and its next start needs the passphrase', async () => {
    const { start } = places()
    const home = await freshHome()
    const ada = await start(home, { name: 'laptop' })
    await ada.lock.set(PASSPHRASE)
    expect(await ada.devices.list()).toHaveLength(1)
    const [account, device] = [accountOf(ada), ada.device]
    await ada.stop()
    await expect(start(home)).rejects.toEqual(failing('ERR_LOCKED'))
    await expect(start(home, { passphrase: 'kite' })).rejects.toEqual(failing('ERR_PASSPHRASE'))
    expect(await lockStateOf(home)).toMatchObject({ passphrase: true, wrongTries: 1 })
    const again = await start(home, { passphrase: async () => PASSPHRASE })
    expect([again.account, again.device, again.name]).toEqual([account, device, 'laptop'])
    expect(await again.lock.state()).toEqual({
      locked: false,
      passphrase: true,
      keyring: false,
      passkeys: 0,
    })
  })

  test('LOCK-7 a passphrase is asked for only when the home is locked', async () => {
    const { start } = places()
    const asked = vi.fn(async () => PASSPHRASE)
    await start(await freshHome(), { passphrase: asked })
    expect(asked).not.toHaveBeenCalled()
  })

  test('LOCK-7 a wrong passphrase does not reach the store, and leaves the home free', async () => {
    const { start } = places()
    const home = await freshHome()
    const ada = await start(home)
    await ada.lock.set(PASSPHRASE)
    await ada.stop()
    const opened = vi.fn(nodePlatform.openBackend)
    const platform = { ...nodePlatform, openBackend: opened }
    const net = { createNet: never, createCertificate: never }
    for (const passphrase of ['wrong', '']) {
      await expect(openNode({ home, passphrase }, { platform, net })).rejects.toThrow()
    }
    expect(opened).not.toHaveBeenCalled()
    await start(home, { passphrase: PASSPHRASE })
  })

  test('LOCK-5 E5 no file of its home holds its store key, its identity or a text', async () => {
    const { start } = places()
    const home = await freshHome()
    const ada = await start(home)
    const ben = await start(await freshHome())
    const { code } = await ada.contacts.invite()
    await ben.contacts.add(code)
    const secrets = await Promise.all(
      ['store.key', 'identity.key'].map((name) => readFileOf(home, name)),
    )
    await ada.messages.send(accountOf(ben), { text: CANARY })
    await ada.lock.set(PASSPHRASE)
    await ada.messages.send(accountOf(ben), { text: `${CANARY} again` })
    await ada.stop()
    const canaries = [...secrets, new TextEncoder().encode(CANARY)].map((bytes) => {
      return Buffer.from(bytes ?? new Uint8Array())
    })
    const files = await filesOf(home)
    expect(files.length).toBeGreaterThan(5)
    for (const canary of canaries) {
      expect(canary.length).toBeGreaterThan(30)
      const holding = files.filter(({ bytes }) => bytes.includes(canary)).map(({ path }) => path)
      expect(holding).toEqual([])
    }
  })

  test('LOCK-7 locking it now stops it, drops its keys and says so', async () => {
    const { start } = places()
    const home = await freshHome()
    const ada = await start(home)
    await expect(ada.lock.now()).rejects.toEqual(failing('ERR_LOCK_NONE'))
    await ada.lock.set(PASSPHRASE)
    const changes: LockState[] = []
    ada.addEventListener('lock:changed', ({ detail }) => changes.push(detail))
    await ada.lock.now()
    expect(changes).toMatchObject([{ locked: true, passphrase: true }])
    for (const call of [
      () => ada.contacts.list(),
      () => ada.messages.list(accountOf(ada)),
      () => ada.lock.now(),
      () => ada.lock.remove(PASSPHRASE),
      () => ada.lock.autoLock.set(5),
    ]) {
      await expect(call()).rejects.toEqual(failing('ERR_LOCKED'))
    }
    await ada.stop()
    await start(home, { passphrase: PASSPHRASE })
  })

  test('LOCK-7 what was sent to it while it was locked comes once it is unlocked', async () => {
    const { start } = places()
    const [adaHome, benHome] = [await freshHome(), await freshHome()]
    const ada = await start(adaHome)
    const ben = await start(benHome)
    const { code } = await ada.contacts.invite()
    await ben.contacts.add(code)
    await ada.lock.set(PASSPHRASE)
    const account = accountOf(ada)
    await ada.lock.now()
    const sent = await ben.messages.send(account, { text: 'are you there?' })
    expect((await ben.messages.get(sent.message))?.delivery).toMatchObject({ reached: 0 })
    const again = await start(adaHome, { passphrase: PASSPHRASE })
    await vi.waitFor(
      async () => {
        const texts = (await again.messages.list(accountOf(ben))).map(({ text }) => text)
        expect(texts).toEqual(['are you there?'])
      },
      { timeout: 20_000 },
    )
  })

  test('LOCK-10 the keyring of a host opens it, and falls back to the passphrase', async () => {
    const { start } = places()
    const home = await freshHome()
    const keyring = memoryKeyring()
    const bare = await start(home)
    await bare.lock.set(PASSPHRASE)
    await expect(bare.lock.keyring.add(PASSPHRASE)).rejects.toEqual(failing('ERR_KEYRING'))
    await bare.stop()
    const ada = await start(home, { keyring, passphrase: PASSPHRASE })
    await ada.lock.keyring.add(PASSPHRASE)
    await ada.stop()
    const asked = vi.fn(async () => PASSPHRASE)
    await (await start(home, { keyring, passphrase: asked })).stop()
    expect(asked).not.toHaveBeenCalled()
    keyring.broken = true
    await (await start(home, { keyring, passphrase: asked })).stop()
    expect(asked).toHaveBeenCalledOnce()
  })

  test('LOCK-12 E5 a passphrase stands in no line of the log, no error and no file', async () => {
    const { start } = places()
    const home = await freshHome()
    const secret = 'tulip-canary-8812'
    const other = 'crocus-canary-4471'
    const lines: unknown[] = []
    const log = (...parts: unknown[]): void => void lines.push(parts)
    const logger = { debug: log, warn: log }
    const ada = await start(home, { logger })
    ada.addEventListener('lock:changed', ({ detail }) => lines.push(detail))
    await ada.lock.set(secret)
    const errors: unknown[] = []
    const keep = (error: unknown): void => void errors.push(error)
    await ada.lock.set(secret).catch(keep)
    await ada.lock.change(other, secret).catch(keep)
    await ada.lock.change(secret, 'x'.repeat(2_000)).catch(keep)
    await ada.lock.remove(other).catch(keep)
    await ada.lock.keyring.add(secret).catch(keep)
    await ada.lock.passkeys.add(secret).catch(keep)
    await ada.lock.now()
    await start(home, { logger, passphrase: other }).catch(keep)
    expect(errors).toHaveLength(7)
    const said = [...errors.map(everythingOf), JSON.stringify(lines)].join('\n')
    const files = await filesOf(home)
    for (const canary of [secret, other]) {
      expect(said).not.toContain(canary)
      for (const { bytes, path } of files) expect(bytes.includes(canary), path).toBe(false)
    }
  })

  test('LOCK-7 a device in memory has no lock', async () => {
    const { start } = places()
    const ada = await start(':memory:')
    await expect(ada.lock.set(PASSPHRASE)).rejects.toEqual(failing('ERR_LOCK_UNSUPPORTED'))
    expect(await ada.lock.state()).toMatchObject({ passphrase: false })
  })
})

describe('locking by itself', () => {
  interface Bench {
    readonly lock: Awaited<ReturnType<typeof openAppLock>>
    readonly lockNow: ReturnType<typeof vi.fn<() => Promise<void>>>
    /** Time goes on, and timers that are due run. */
    pass(ms: number, options?: { readonly asleep?: boolean }): Promise<void>
    reopen(): Promise<Bench>
  }

  async function bench(home: string): Promise<Bench> {
    const time = { wall: Date.UTC(2026, 10, 1), monotonic: 0 }
    const timers = new Set<{ readonly at: number; readonly run: () => void }>()
    const keys = await nodePlatform.openKeys(home, { passphrase: PASSPHRASE })
    const { clock, rng } = nodePlatform
    const openKey = (): ReturnType<typeof keys.openStoreKey> => keys.openStoreKey()
    const store = await openStore({ home, platform: nodePlatform, openKey }, { clock, rng })
    onTestFinished(() => store.close())
    if (!(await keys.lock.state()).passphrase) await keys.lock.set(PASSPHRASE)
    const lockNow = vi.fn(async () => undefined)
    const stopping = new AbortController()
    const lock = await openAppLock({
      keys,
      store,
      tables: openTables(store),
      clock: { now: () => time.wall, monotonic: () => time.monotonic },
      scheduler: {
        schedule: (ms, run) => {
          const timer = { at: time.monotonic + ms, run }
          timers.add(timer)
          return () => void timers.delete(timer)
        },
      },
      keyring: undefined,
      name: 'laptop',
      signal: stopping.signal,
      lockNow,
      onChange: () => undefined,
    })
    return {
      lock,
      lockNow,
      pass: async (ms, { asleep = false } = {}) => {
        time.wall += ms
        if (!asleep) time.monotonic += ms
        for (const timer of [...timers]) {
          if (timer.at > time.monotonic) continue
          timers.delete(timer)
          timer.run()
        }
        // What locks is asynchronous: it has begun, and waits for nothing that takes time.
        await lock.state()
        await new Promise((resolve) => setImmediate(resolve))
      },
      reopen: async () => {
        stopping.abort()
        await store.close()
        return bench(home)
      },
    }
  }

  test('LOCK-8 it locks after so many minutes without use, and use puts it off', async () => {
    const { lock, lockNow, pass } = await bench(await freshHome())
    await lock.autoLock.set(5)
    expect(lock.autoLock.get()).toBe(5)
    await pass(4 * 60_000)
    lock.touch()
    await pass(4 * 60_000)
    expect(lockNow).not.toHaveBeenCalled()
    await pass(60_000)
    await vi.waitFor(() => expect(lockNow).toHaveBeenCalledOnce())
  })

  test('LOCK-8 the time is kept from start to start', async () => {
    const first = await bench(await freshHome())
    await first.lock.autoLock.set(30)
    const second = await first.reopen()
    expect(await second.lock.state()).toMatchObject({ autoLockMinutes: 30 })
    await second.lock.autoLock.set(undefined)
    const third = await second.reopen()
    expect(third.lock.autoLock.get()).toBeUndefined()
    await third.pass(24 * 60 * 60_000)
    expect(third.lockNow).not.toHaveBeenCalled()
  })

  test('LOCK-8 a machine that slept past the time locks when it next looks', async () => {
    const { lock, lockNow, pass } = await bench(await freshHome())
    await lock.autoLock.set(120)
    await pass(8 * 60 * 60_000, { asleep: true })
    expect(lockNow).not.toHaveBeenCalled()
    // It looks at least once an hour of its own clock.
    await pass(60 * 60_000)
    await vi.waitFor(() => expect(lockNow).toHaveBeenCalledOnce())
  })

  test('LOCK-8 a clock set back does not put it off', async () => {
    const { lock, lockNow, pass } = await bench(await freshHome())
    await lock.autoLock.set(5)
    await pass(-86_400_000, { asleep: true })
    await pass(5 * 60_000)
    await vi.waitFor(() => expect(lockNow).toHaveBeenCalledOnce())
  })

  test.each([0, 1.5, -1, 10_081, Number.NaN])('LOCK-8 %s minutes are refused', async (minutes) => {
    const { lock } = await bench(await freshHome())
    await expect(lock.autoLock.set(minutes)).rejects.toEqual(failing('ERR_MALFORMED'))
    expect(lock.autoLock.get()).toBeUndefined()
  })

  test('LOCK-8 without a passphrase there is nothing to lock; removing it ends locking', async () => {
    const { lock, lockNow, pass } = await bench(await freshHome())
    await lock.autoLock.set(5)
    await lock.remove(PASSPHRASE)
    expect(await lock.state()).toMatchObject({ passphrase: false })
    expect(lock.autoLock.get()).toBeUndefined()
    await pass(60 * 60_000)
    expect(lockNow).not.toHaveBeenCalled()
    await expect(lock.autoLock.set(5)).rejects.toEqual(failing('ERR_LOCK_NONE'))
  })
})

async function never(): Promise<never> {
  throw new Error('the net is not to be made')
}

interface FoundFile {
  readonly path: string
  readonly bytes: Buffer
}

async function filesOf(folder: string): Promise<readonly FoundFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(path) })))
}

/** All an error says, and all that its causes say. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = 'hint' in error ? String(error.hint) : ''
  return [error.message, hint, error.stack, everythingOf(error.cause)].join('\n')
}
