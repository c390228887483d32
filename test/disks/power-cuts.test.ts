/** What is acknowledged is on the disk, and a home has one holder: in processes and in tabs (STO-1, STO-14). */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodePlatform } from '../../packages/node/src/platform.node.ts'
import { singleKey, uintPart } from '../../packages/node/src/store/key-codec.ts'
import { openStore } from '../../packages/node/src/store/store.ts'
import type { Store } from '../../packages/node/src/store/store-types.ts'
import { codec, uint } from '../../packages/protocol/src/index.ts'
import { startBrowser } from '../browser/browser-process.ts'
import { buildBundle, serveBundle } from '../browser/bundle.ts'
import { type CrashDisk, type CutDisk, makeCrashDisk } from './crash-disk.ts'
import type { Found, StorePage } from './store-page.ts'

/** How often the power goes under a process; 50 in a full run. */
const CUTS = Number(process.env['KITH_CUTS'] ?? 2)
/** How often it goes under a browser; 10 in a full run. */
const BROWSER_CUTS = Number(process.env['KITH_BROWSER_CUTS'] ?? 1)
/** How often a second tab asks for a home; 100 in a full run. */
const SECOND_OPENINGS = Number(process.env['KITH_SECOND_OPENINGS'] ?? 10)
/** Commits between two cuts. */
const COMMITS = 150
const HOME = 'cut'
const LONG = 600_000

const { clock, rng } = nodePlatform
const numbers = codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 })
const root = await mkdtemp(join(tmpdir(), 'kith-disks-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** Skips by name where no disk can be made, as without root. */
async function diskFor(name: string, skip: (note: string) => never): Promise<CrashDisk> {
  return makeCrashDisk(join(root, name)).catch((error: Error) =>
    skip(`needs root, loop devices and mkfs.btrfs: ${error.message}`),
  )
}

describe('E2 power cuts in Node', () => {
  test(
    `STO-1 STO-7 E2 nothing acknowledged is lost over ${CUTS} power cuts, and no loss is made up`,
    async ({ skip }) => {
      const disk = await diskFor('node', skip)
      const child = run(join(disk.folder, HOME))
      const acknowledged: number[] = []
      let cuts = 0
      try {
        for await (const line of linesOf(child)) {
          if (line !== 'open') acknowledged.push(Number(line))
          if (acknowledged.length < (cuts + 1) * COMMITS) continue
          await expectKept(disk, [...acknowledged])
          cuts += 1
          if (cuts === CUTS) break
        }
      } finally {
        await kill(child)
        await disk.release()
      }
      expect(cuts).toBe(CUTS)
    },
    LONG,
  )
})

function run(home: string): ChildProcess {
  const script = '../../packages/node/src/store/store-process.fixture.mjs'
  const path = fileURLToPath(new URL(script, import.meta.url))
  return spawn(process.execPath, ['--no-warnings', path, 'commit', home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function linesOf({ stdout }: ChildProcess): AsyncIterable<string> {
  if (stdout === null) throw new Error('no stdout')
  return createInterface({ input: stdout })
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** The power goes now, after all of these were acknowledged. */
async function expectKept(disk: CrashDisk, acknowledged: readonly number[]): Promise<void> {
  const cut = await disk.cut()
  try {
    const home = join(cut.folder, HOME)
    await using store = await openStore({ home, platform: nodePlatform }, { clock, rng })
    await store.audited
    const [left, right] = [await keysOf(store, 'left'), await keysOf(store, 'right')]
    expectWhole({ damage: store.damage.length, left, right }, acknowledged)
  } finally {
    await cut.release()
  }
}

async function keysOf(store: Store, name: string): Promise<readonly number[]> {
  const table = store.table(name, { key: singleKey(uintPart()), value: numbers })
  const keys: number[] = []
  for await (const [key] of table.entries()) keys.push(key)
  return keys
}

function expectWhole({ damage, left, right }: Found, acknowledged: readonly number[]): void {
  expect(damage).toBe(0)
  expect(left).toEqual(right)
  const found = new Set(left)
  expect(acknowledged.filter((number) => !found.has(number))).toEqual([])
}

describe('in Chromium', () => {
  let site: { readonly url: string } & AsyncDisposable
  beforeAll(async () => {
    const page = fileURLToPath(new URL('./store-page.ts', import.meta.url))
    site = await serveBundle(await buildBundle(page, { ofSources: true }))
  }, 60_000)
  afterAll(() => site[Symbol.asyncDispose]())

  test(
    `STO-40 E3 nothing acknowledged is lost over ${BROWSER_CUTS} power cuts of a browser`,
    async ({ skip }) => {
      const disk = await diskFor('browser', skip)
      const browser = await startBrowser(join(disk.folder, 'profile'))
      try {
        const { page } = await browser.openTab(site.url)
        await call(page, 'commitForEver', HOME)
        for (let cut = 1; cut <= BROWSER_CUTS; cut++) {
          await expect
            .poll(() => call(page, 'acknowledged').then(({ length }) => length), {
              timeout: 60_000,
            })
            .toBeGreaterThan(cut * COMMITS)
          const acknowledged = await call(page, 'acknowledged')
          const after = await disk.cut()
          try {
            expectWhole(await lookAt(after, site.url), acknowledged)
          } finally {
            await after.release()
          }
        }
      } finally {
        await browser.kill()
        await disk.release()
      }
    },
    LONG,
  )

  test(
    `STO-14 E3 of two tabs the second is refused ${SECOND_OPENINGS} times, and the first stays intact`,
    async () => {
      const browser = await startBrowser(join(root, 'profile of tabs'))
      try {
        const first = await browser.openTab(site.url)
        await call(first.page, 'commitForEver', HOME)
        const second = await browser.openTab(site.url)
        for (let opening = 0; opening < SECOND_OPENINGS; opening++) {
          expect(await call(second.page, 'look', HOME)).toEqual({ code: 'ERR_HOME_IN_USE' })
        }
        const acknowledged = await call(first.page, 'acknowledged')
        await first.page.close()
        const look = (): Promise<unknown> => call(second.page, 'look', HOME)
        await expect.poll(look).toMatchObject({ damage: 0 })
        expectWhole(found(await look()), acknowledged)
      } finally {
        await browser.kill()
      }
    },
    LONG,
  )
})

/** Opens the profile as it is on a disk after a cut. */
async function lookAt({ folder }: CutDisk, url: string): Promise<Found> {
  const profile = join(folder, 'profile')
  // They name the browser that lives on, and would send this one there.
  for (const name of await readdir(profile)) {
    if (name.startsWith('Singleton')) await rm(join(profile, name))
  }
  const browser = await startBrowser(profile)
  try {
    const { page } = await browser.openTab(url)
    return found(await call(page, 'look', HOME))
  } finally {
    await browser.kill()
  }
}

function found(looked: unknown): Found {
  if (typeof looked !== 'object' || looked === null || !('left' in looked)) {
    throw new Error(`the home did not open: ${JSON.stringify(looked)}`)
  }
  return looked as Found
}

function call<K extends keyof StorePage>(
  page: Page,
  name: K,
  ...args: Parameters<StorePage[K]>
): Promise<Awaited<ReturnType<StorePage[K]>>> {
  return page.evaluate(([method, given]) => Reflect.get(globalThis, 'page')[method](...given), [
    name,
    args,
  ] as const)
}
