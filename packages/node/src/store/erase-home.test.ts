import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eraseHomeOn } from '../homes.ts'
import { nodePlatform } from '../platform.node.ts'
import { openStore } from './store.ts'

async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'kith-erase-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))
  const { clock, rng } = nodePlatform
  const store = await openStore({ home, platform: nodePlatform }, { clock, rng })
  await nodePlatform.openIdentity(home)
  await nodePlatform.loadOrCreate(home, 'some.secret', () => new Uint8Array(8))
  await store.close()
  return home
}

describe('a home that is erased', () => {
  test('STO-45 holds no device any more, and nothing of it', async () => {
    const home = await makeHome()
    expect(await nodePlatform.hasHome(home)).toBe(true)
    await eraseHomeOn(nodePlatform, home)
    expect(await nodePlatform.hasHome(home)).toBe(false)
    expect(await readdir(home)).toEqual([])
  })

  test('STO-45 what another program put beside it stays', async () => {
    const home = await makeHome()
    await writeFile(join(home, 'notes.txt'), 'not ours')
    await eraseHomeOn(nodePlatform, home)
    expect(await readdir(home)).toEqual(['notes.txt'])
    expect(await readFile(join(home, 'notes.txt'), 'utf8')).toBe('not ours')
  })

  test('STO-45 an open home is not erased', async () => {
    const home = await makeHome()
    const lock = await nodePlatform.lock(home)
    const erasing = eraseHomeOn(nodePlatform, home)
    await expect(erasing).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
    expect(await nodePlatform.hasHome(home)).toBe(true)
    await lock.release()
  })

  test('STO-45 asking whether a device lives somewhere makes nothing', async () => {
    const home = join(tmpdir(), 'kith-erase-nowhere')
    expect(await nodePlatform.hasHome(home)).toBe(false)
    await expect(readdir(home)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
