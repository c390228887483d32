import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { codec, text, uint } from '@kithmesh/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import { singleKey, textPart, uintPart } from './key-codec.ts'
import { openStore } from './store.ts'
import type { Store, Table } from './store-types.ts'

const { clock, rng } = nodePlatform
/** How often a committing process is killed; 200 and more in a long run. */
const KILLS = Number(process.env['KITH_KILLS'] ?? 20)
/** How often a second process asks for a home, and the same process as often. */
const SECOND_OPENINGS = Number(process.env['KITH_SECOND_OPENINGS'] ?? 12)
/** Processes that ask, each as often as another. */
const ASKERS = 4
const root = await mkdtemp(join(tmpdir(), 'kith-crash-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const numbers = codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 })
const texts = codec(text({ max: 100_000 }), { maxBytes: 400_000 })

async function open(home: string): Promise<Store> {
  const store = await openStore({ home, platform: nodePlatform }, { clock, rng })
  await store.audited
  return store
}

function textsOf(store: Store): Table<string, string> {
  return store.table('texts', { key: singleKey(textPart()), value: texts })
}

function run(task: 'commit' | 'hold' | 'open', home: string, times = 1): ChildProcess {
  const script = fileURLToPath(new URL('./store-process.fixture.mjs', import.meta.url))
  return spawn(process.execPath, ['--no-warnings', script, task, home, `${times}`], {
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

async function allLines(child: ChildProcess): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const line of linesOf(child)) lines.push(line)
  return lines
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

describe('E2 two on one home', () => {
  test(`STO-12 E2 other processes are refused ${SECOND_OPENINGS} times, and the first stays intact`, async () => {
    const home = join(root, 'two')
    await using store = await open(home)
    const each = Math.ceil(SECOND_OPENINGS / ASKERS)
    const askers = Array.from({ length: ASKERS }, () => run('open', home, each))
    const said = (await Promise.all(askers.map(allLines))).flat()
    expect(said).toEqual(Array.from({ length: ASKERS * each }, () => 'ERR_HOME_IN_USE'))
    await store.commit([textsOf(store).put('still', 'here')])
    expect(await textsOf(store).get('still')).toBe('here')
  })

  test('STO-12 E2 a second opening in the same process does not let the home go', async () => {
    const home = join(root, 'same')
    await using store = await open(home)
    for (let attempt = 0; attempt < SECOND_OPENINGS; attempt++) {
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
