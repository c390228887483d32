import { X509Certificate } from 'node:crypto'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock, systemRng } from '../environment.ts'
import { createWorld } from '../testing/running.ts'
import { defaultHome } from './default-home.ts'
import { makeHome, openHome } from './home.ts'

const world = createWorld()
afterEach(() => world.stop())

const environment = { clock: systemClock, rng: systemRng }
const FILES = ['relay.key.pem', 'webrtc.crt.pem', 'webrtc.key.pem']

describe('RLY-15 what a relay keeps on disk', () => {
  test('RLY-15 is a key and a certificate, for its owner alone', async () => {
    const home = join(await world.home(), 'deep', 'relay')
    await makeHome(home)
    await openHome(home, environment)
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await readdir(home)).sort()).toEqual(FILES)
    for (const file of FILES) {
      expect((await stat(join(home, file))).mode & 0o777, file).toBe(0o600)
    }
  })

  test('RLY-15 stays the same, so that addresses do', async () => {
    const home = await world.home()
    const first = await openHome(home, environment)
    const second = await openHome(home, environment)
    expect(second.identity.publicKey).toEqual(first.identity.publicKey)
    expect(second.certificate).toEqual(first.certificate)
    const { validTo } = new X509Certificate(second.certificate.pem)
    expect(new Date(validTo).getUTCFullYear() - new Date().getUTCFullYear()).toBe(10)
  })

  test('RLY-15 E5 a key put back readable to all is closed again', async () => {
    const home = await world.home()
    await openHome(home, environment)
    await chmod(join(home, 'relay.key.pem'), 0o644)
    await openHome(home, environment)
    expect((await stat(join(home, 'relay.key.pem'))).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['relay.key.pem', 'not a key', 'ERR_KEY_MALFORMED'],
    ['relay.key.pem', 'x'.repeat(70_000), 'ERR_HOME_UNUSABLE'],
    ['webrtc.crt.pem', 'not a certificate', 'ERR_CERTIFICATE'],
    ['limits.json', '[1]', 'ERR_LIMITS'],
    ['limits.json', '{', 'ERR_LIMITS'],
  ])('RLY-15 a broken %s is never replaced but told', async (file, text, code) => {
    const home = await world.home()
    await openHome(home, environment)
    await writeFile(join(home, file), text)
    await expect(openHome(home, environment)).rejects.toMatchObject({ code })
  })

  test('RLY-15 a folder that cannot be one is told', async () => {
    const file = join(await world.home(), 'file')
    await writeFile(file, '')
    await expect(makeHome(file)).rejects.toMatchObject({ code: 'ERR_HOME_UNUSABLE' })
  })

  test('RLY-15 the environment names another folder', () => {
    expect(defaultHome({ KITH_RELAY_HOME: '/srv/relay' })).toBe('/srv/relay')
    expect(defaultHome({ XDG_DATA_HOME: '/data' })).toBe(
      process.platform === 'linux' ? '/data/kith-relay' : defaultHome({}),
    )
  })
})
