import { once } from 'node:events'
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../test/terminal.ts'
import { findSocketPath, isOwnSocket, prepareSocketPath } from './socket-path.ts'

const deepHome = async (): Promise<string> => join(await temporaryFolder(), 'deep'.repeat(30))

describe('CLI-11 where the socket is', () => {
  test('CLI-11 in a home that is made for this account only', async () => {
    const home = join(await temporaryFolder(), 'new', 'home')
    expect(await prepareSocketPath(home, {})).toBe(join(home, 'kith.sock'))
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect(await findSocketPath(home)).toBe(join(home, 'kith.sock'))
  })

  test('CLI-11 the path is the same each time, and another for another home', async () => {
    const env = { XDG_RUNTIME_DIR: await temporaryFolder() }
    const [one, other] = [await deepHome(), await deepHome()]
    const path = await prepareSocketPath(one, env)
    expect(await prepareSocketPath(one, env)).toBe(path)
    expect(await prepareSocketPath(other, env)).not.toBe(path)
    expect(await readFile(join(one, 'socket'), 'utf8')).toBe(`${path}\n`)
  })

  test('CLI-11 a folder that somebody prepared is not used', async () => {
    const [bad, good, elsewhere] = [
      await temporaryFolder(),
      await temporaryFolder(),
      await temporaryFolder(),
    ]
    await symlink(elsewhere, join(bad, `kith-${process.getuid?.()}`))
    const path = await prepareSocketPath(await deepHome(), { XDG_RUNTIME_DIR: bad, TMPDIR: good })
    expect(path.startsWith(good)).toBe(true)
  })

  test('CLI-11 a folder open to others is closed', async () => {
    const base = await temporaryFolder()
    const folder = join(base, `kith-${process.getuid?.()}`)
    await mkdir(folder, { mode: 0o755 })
    await prepareSocketPath(await deepHome(), { XDG_RUNTIME_DIR: base })
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  test.each(['', 'relative/path', `/${'x'.repeat(2000)}`])(
    'CLI-11 a record that cannot be one is no path, %#',
    async (recorded) => {
      const home = await deepHome()
      await mkdir(home)
      expect(await findSocketPath(home)).toBeUndefined()
      await writeFile(join(home, 'socket'), recorded)
      expect(await findSocketPath(home)).toBeUndefined()
    },
  )

  test('CLI-11 only a socket of the own account is talked to', async () => {
    const path = join(await temporaryFolder(), 's')
    expect(await isOwnSocket(path)).toBe(false)
    const server = createServer().listen(path)
    onTestFinished(() => {
      server.close()
    })
    await once(server, 'listening')
    expect(await isOwnSocket(path)).toBe(true)
    const another = (process.getuid?.() ?? 0) + 1
    await expect(isOwnSocket(path, another)).rejects.toMatchObject({ code: 'ERR_SOCKET_OWNER' })
  })
})
