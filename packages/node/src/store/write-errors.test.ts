import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codec, text } from '@kithmesh/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import type { Platform } from '../platform.ts'
import type { Backend } from './backend.ts'
import { singleKey, textPart } from './key-codec.ts'
import { openStore } from './store.ts'
import type { Store, Table } from './store-types.ts'

const { clock, rng } = nodePlatform
/** How often the disk is filled. */
const FULL_DISKS = Number(process.env['KITH_FULL_DISKS'] ?? 4)
const root = await mkdtemp(join(tmpdir(), 'kith-write-errors-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const call = promisify(execFile)
const texts = codec(text({ max: 100_000 }), { maxBytes: 400_000 })

function open(home: string, platform: Platform = nodePlatform): Promise<Store> {
  return openStore({ home, platform }, { clock, rng })
}

function textsOf(store: Store): Table<string, string> {
  return store.table('texts', { key: singleKey(textPart()), value: texts })
}

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

  test(`STO-8 E2 nothing acknowledged is lost over ${FULL_DISKS} full disks`, async ({ skip }) => {
    const disk = join(root, 'disk')
    await mkdir(disk)
    const mounted = await call('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).catch(
      (error: unknown) => error,
    )
    if (mounted instanceof Error) skip(`needs to mount a small tmpfs: ${mounted.message}`)
    try {
      for (let episode = 0; episode < FULL_DISKS; episode++) await fillDisk(disk, episode)
    } finally {
      await call('umount', [disk])
    }
  }, 600_000)
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
