import { mkdir, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld } from '../testing/running.ts'
import { claimHome, socketPathOf } from './home-claim.ts'

const world = createWorld()
afterEach(() => world.stop())

const server = (): Server => createServer((_request, response) => response.end('here'))

describe('RLY-15 E2 one process holds a home', () => {
  test('RLY-15 E2 the second is refused, until the first lets go', async () => {
    const home = await world.home()
    const first = await claimHome(home, server())
    await expect(claimHome(home, server())).rejects.toMatchObject({ code: 'ERR_HOME_HELD' })
    await expect(claimHome(join(home, '.'), server())).rejects.toMatchObject({
      code: 'ERR_HOME_HELD',
    })
    await first.release()
    await expect(stat(socketPathOf(home))).rejects.toThrow()
    const second = await claimHome(home, server())
    await second.release()
  })

  test('RLY-15 a folder too deep for a socket has one elsewhere', async () => {
    const home = join(await world.home(), 'a'.repeat(120))
    await mkdir(home)
    expect(Buffer.byteLength(socketPathOf(home))).toBeLessThan(104)
    const claim = await claimHome(home, server())
    await expect(claimHome(home, server())).rejects.toMatchObject({ code: 'ERR_HOME_HELD' })
    await claim.release()
  })
})
