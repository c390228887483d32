import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { codec, text, uint } from '@kithmesh/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import type { Platform } from '../platform.ts'
import type { Backend } from './backend.ts'
import { singleKey, textPart, uintPart } from './key-codec.ts'
import { openStore } from './store.ts'
import type { Store, Table } from './store-types.ts'

const { clock, rng } = nodePlatform
/** How often a committing process is killed; 200 and more in a long run. */
const KILLS = Number(process.env['KITH_KILLS'] ?? 20)
/** How often the power goes. */
const CUTS = Number(process.env['KITH_CUTS'] ?? 3)
/** How often the disk is filled. */
const FULL = Number(process.env['KITH_FULL'] ?? 4)
const root = await mkdtemp(join(tmpdir(), 'kith-crash-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const call = promisify(execFile)
const numbers = codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 })
const texts = codec(text({ max: 100_000 }), { maxBytes: 400_000 })

function open(home: string, platform: Platform = nodePlatform): Promise<Store> {
  return openStore({ home, platform }, { clock, rng })
}

function textsOf(store: Store): Table<string, string> {
  return store.table('texts', { key: singleKey(textPart()), value: texts })
}

function run(task: 'commit' | 'hold' | 'open', home: string): ChildProcess {
  const script = fileURLToPath(new URL('./store-process.fixture.mjs', import.meta.url))
  return spawn(process.execPath, ['--no-warnings', script, task, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // The sources are compiled once for all of these processes.
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') },
  })
}

function linesOf(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) throw new Error('no stdout')
  return createInterface({ input: child.stdout })
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of linesOf(child)) return line
  return 'nothing'
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

describe('E2 kill', () => {
  test(`STO-7 E2 nothing acknowledged is lost and no commit is halved over ${KILLS} kills`, async () => {
    const runs = [0, 1].map((lane) => killOften(join(root, `kill-${lane}`), Math.ceil(KILLS / 2)))
    await Promise.all(runs)
  }, 600_000)
})

async function killOften(home: string, kills: number): Promise<void> {
  const acknowledged: number[] = []
  for (let round = 0; round < kills; round++) {
    const before = acknowledged.length
    const [wait] = rng.bytes(1)
    acknowledged.push(...(await killAfter(run('commit', home), 1 + (wait ?? 0) * 4)))
    expect(acknowledged.length).toBeGreaterThan(before)
  }
  await using store = await open(home)
  expect(store.damage).toEqual([])
  const [left, right] = [await kept(store, 'left'), await kept(store, 'right')]
  expect(acknowledged.filter((number) => !left.has(number))).toEqual([])
  expect(left).toEqual(right)
}

/** Kills after `count` acknowledgements; returns all that came. */
async function killAfter(child: ChildProcess, count: number): Promise<number[]> {
  const acknowledged: number[] = []
  for await (const line of linesOf(child)) {
    if (line === 'open') continue
    acknowledged.push(Number(line))
    if (acknowledged.length === count) child.kill('SIGKILL')
  }
  return acknowledged
}

async function kept(store: Store, name: string): Promise<Set<number>> {
  const table = store.table(name, { key: singleKey(uintPart()), value: numbers })
  const found = new Set<number>()
  for await (const [number] of table.entries()) found.add(number)
  return found
}

describe('E2 power cut', () => {
  test(`STO-1 E2 nothing acknowledged is lost over ${CUTS} power cuts, and no loss is made up`, async ({
    skip,
  }) => {
    const disk = await loopDisk('cut').catch((error: Error) => {
      skip(`needs to mount a disk image: ${error.message}`)
    })
    if (disk === undefined) return
    const child = run('commit', join(disk.folder, 'home'))
    const acknowledged: number[] = []
    try {
      for await (const line of linesOf(child)) {
        if (line !== 'open') acknowledged.push(Number(line))
        if (acknowledged.length % 200 !== 100) continue
        if (acknowledged.length > CUTS * 200) child.kill('SIGKILL')
        else await expectKept(await cutPower(child, disk), [...acknowledged])
      }
    } finally {
      await disk.release()
    }
    expect(acknowledged.length).toBeGreaterThan(CUTS * 200)
  })
})

interface LoopDisk {
  readonly image: string
  readonly folder: string
  release(): Promise<void>
}

/** An ext4 of its own: what its image holds is what a disk would. */
async function loopDisk(name: string, from?: string): Promise<LoopDisk> {
  const image = from ?? join(root, `${name}.img`)
  const folder = join(root, name)
  await mkdir(folder, { recursive: true })
  if (from === undefined) {
    await writeFile(image, '')
    await truncate(image, 64 * 1024 * 1024)
    await call('mkfs.ext4', ['-q', '-F', image])
  }
  await call('mount', ['-o', 'loop', image, folder])
  return {
    image,
    folder,
    release: async () => {
      await call('umount', [folder])
    },
  }
}

/** What would be on the disk if the power went now; the process stands still for the copy. */
async function cutPower(child: ChildProcess, { image }: LoopDisk): Promise<LoopDisk> {
  const cut = join(root, 'cut-off.img')
  child.kill('SIGSTOP')
  await copyFile(image, cut)
  child.kill('SIGCONT')
  return loopDisk('cut-off', cut)
}

async function expectKept(disk: LoopDisk, acknowledged: readonly number[]): Promise<void> {
  try {
    await using store = await open(join(disk.folder, 'home'))
    expect(store.damage).toEqual([])
    const [left, right] = [await kept(store, 'left'), await kept(store, 'right')]
    expect(acknowledged.filter((number) => !left.has(number))).toEqual([])
    expect(left).toEqual(right)
  } finally {
    await disk.release()
  }
}

describe('E2 two on one home', () => {
  test('STO-12 E2 a second process is refused, and the first stays intact', async () => {
    const home = join(root, 'two')
    await using store = await open(home)
    const others = await Promise.all([run('open', home), run('open', home)].map(firstLine))
    expect(others).toEqual(['ERR_HOME_IN_USE', 'ERR_HOME_IN_USE'])
    await store.commit([textsOf(store).put('still', 'here')])
    expect(await textsOf(store).get('still')).toBe('here')
  })

  test('STO-12 E2 a second opening in the same process does not let the home go', async () => {
    const home = join(root, 'same')
    await using store = await open(home)
    for (let attempt = 0; attempt < 100; attempt++) {
      await expect(open(home)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    }
    expect(await firstLine(run('open', home))).toBe('ERR_HOME_IN_USE')
    await store.commit([textsOf(store).put('still', 'here')])
    await store.close()
    await using again = await open(home)
    expect(again.damage).toEqual([])
    expect(await textsOf(again).get('still')).toBe('here')
  })

  test('STO-12 E2 of many that open at once exactly one gets the home', async () => {
    for (let round = 0; round < 10; round++) {
      const home = join(root, `crowd-${round}`)
      const opened = await Promise.allSettled(Array.from({ length: 8 }, () => open(home)))
      const won = opened.filter((result) => result.status === 'fulfilled')
      expect(won).toHaveLength(1)
      await Promise.all(won.map(({ value }) => value.close()))
    }
  })

  test('STO-13 E2 a killed or stopped holder: only the dead one lets the home go', async () => {
    const home = join(root, 'dead')
    const holder = run('hold', home)
    expect(await firstLine(holder)).toBe('open')
    holder.kill('SIGSTOP')
    await expect(open(home)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    await kill(holder)
    const store = await open(home)
    await store.close()
  })

  test('STO-12 a home with a long path is locked too', async () => {
    const home = join(root, 'long'.repeat(40), 'x'.repeat(100))
    await using store = await open(home)
    await expect(open(home)).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    expect(store.damage).toEqual([])
  })
})

describe('E2 write errors', () => {
  test('STO-8 E2 after a failed write the store is opened anew before the next acknowledgement', async () => {
    const events: string[] = []
    let fails = false
    const platform = watched(events, () => fails)
    await using store = await open(join(root, 'failing'), platform)
    const table = textsOf(store)
    await store.commit([table.put('before', 'kept')])
    fails = true
    const together = [1, 2, 3].map((at) => store.commit([table.put(`lost ${at}`, 'x')]))
    const outcomes = await Promise.allSettled(together)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(await table.get('before')).toBe('kept')
    await expect(store.commit([table.put('lost', 'x')])).rejects.toMatchObject({
      code: 'ERR_STORE_WRITE',
    })
    fails = false
    await store.commit([table.put('after', 'kept')])
    expect(events).toEqual(['open', 'wrote', 'failed', 'closed', 'open', 'wrote'])
    expect(await collect(table.entries())).toEqual([
      ['after', 'kept'],
      ['before', 'kept'],
    ])
    expect(store.damage).toEqual([])
  })

  test('STO-8 a store that cannot be opened anew is tried again by each call', async () => {
    const events: string[] = []
    let fails = false
    const platform = watched(events, () => fails)
    let opens = true
    const openBackend: Platform['openBackend'] = (home, care) => {
      if (!opens) return Promise.reject(new Error('no such disk'))
      return platform.openBackend(home, care)
    }
    await using store = await open(join(root, 'no-reopen'), { ...platform, openBackend })
    const table = textsOf(store)
    fails = true
    await expect(store.commit([table.put('a', 'lost')])).rejects.toThrow()
    fails = false
    opens = false
    await expect(store.commit([table.put('a', 'lost')])).rejects.toMatchObject({
      code: 'ERR_STORE_WRITE',
    })
    await expect(table.get('a')).rejects.toMatchObject({ code: 'ERR_STORE_READ' })
    opens = true
    await store.commit([table.put('a', 'kept')])
    expect(await table.get('a')).toBe('kept')
  })

  test(`STO-8 E2 nothing acknowledged is lost over ${FULL} full disks`, async ({ skip }) => {
    const disk = join(root, 'disk')
    await mkdir(disk)
    const mounted = await call('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).catch(
      (error: unknown) => error,
    )
    if (mounted instanceof Error) skip(`needs to mount a small tmpfs: ${mounted.message}`)
    try {
      for (let episode = 0; episode < FULL; episode++) await fillDisk(disk, episode)
    } finally {
      await call('umount', [disk])
    }
  })
})

async function fillDisk(disk: string, episode: number): Promise<void> {
  const home = join(disk, `home-${episode}`)
  const ballast = join(disk, 'ballast')
  const acknowledged: string[] = []
  {
    await using store = await open(home)
    const table = textsOf(store)
    const commit = async (key: string): Promise<void> => {
      await store.commit([table.put(key, 'x'.repeat(50_000))])
      acknowledged.push(key)
    }
    await commit('first')
    await writeFile(ballast, new Uint8Array(22 * 1024 * 1024 - episode * 10_000)).catch(() => {})
    const full = await untilRejected((at) => commit(`filling ${at}`))
    expect(full).toMatchObject({ code: 'ERR_STORE_WRITE' })
    expect(await table.get('first')).toHaveLength(50_000)
    await expect(commit('still full')).rejects.toMatchObject({ code: 'ERR_STORE_WRITE' })
    await rm(ballast)
    await Promise.all(Array.from({ length: 50 }, (_, at) => commit(`freed ${at}`)))
  }
  await using store = await open(home)
  expect(store.damage).toEqual([])
  const keys = (await collect(textsOf(store).entries())).map(([key]) => key)
  expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([])
  await store.close()
  await rm(home, { recursive: true })
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function untilRejected(commit: (at: number) => Promise<void>): Promise<unknown> {
  for (let at = 0; at < 1_000; at++) {
    const error = await commit(at).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error !== undefined) return error
  }
  return undefined
}

/** The node platform over a backend that tells what happens and fails when it is told to. */
function watched(events: string[], fails: () => boolean): Platform {
  return {
    ...nodePlatform,
    openBackend: async (home, care) => {
      events.push('open')
      const backend = await nodePlatform.openBackend(home, care)
      return {
        ...backend,
        isWritable: async () => !fails(),
        write: (batch) => watchedWrite(backend, { batch, events, fails }),
        close: async () => {
          events.push('closed')
          await backend.close()
        },
      }
    },
  }
}

interface Watch {
  readonly batch: Parameters<Backend['write']>[0]
  readonly events: string[]
  readonly fails: () => boolean
}

async function watchedWrite(backend: Backend, { batch, events, fails }: Watch): Promise<void> {
  if (fails()) {
    events.push('failed')
    throw new Error('EIO')
  }
  await backend.write(batch)
  events.push('wrote')
}
