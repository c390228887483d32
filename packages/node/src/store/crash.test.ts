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
import { singleKey, textPart, uintPart } from './key-codec.ts'
import { openStore } from './store.ts'
import type { Store, Table } from './store-types.ts'

const { clock, rng } = nodePlatform
/** How often a committing process is killed; 200 and more in a long run. */
const KILLS = Number(process.env['KITH_KILLS'] ?? 20)
/** How often the power goes. */
const CUTS = Number(process.env['KITH_CUTS'] ?? 3)
const root = await mkdtemp(join(tmpdir(), 'kith-crash-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const call = promisify(execFile)
const numbers = codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 })
const texts = codec(text({ max: 100_000 }), { maxBytes: 400_000 })

function open(home: string): Promise<Store> {
  return openStore({ home, platform: nodePlatform }, { clock, rng })
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
  if (child.exitCode !== null || child.signalCode !== null) return
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
    acknowledged.push(...(await killAfter(run('commit', home), 1 + (wait ?? 0))))
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
      await kill(child)
      await disk.release()
    }
    expect(acknowledged.length).toBeGreaterThan(CUTS * 200)
  }, 600_000)
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
