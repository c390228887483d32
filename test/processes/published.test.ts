import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { dressed } from '../../publish/manifest.ts'

const run = promisify(execFile)
const RELAY = fileURLToPath(new URL('../../relay-node', import.meta.url))
const KITH = fileURLToPath(new URL('../../packages/cli', import.meta.url))
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0))
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

/** The package as npm would publish it, unpacked; made from a copy, as other tests read the workspace meanwhile. */
async function packed(workspace: string): Promise<string> {
  const copy = await folder()
  await cp(join(workspace, 'dist'), join(copy, 'dist'), { recursive: true })
  const manifest = JSON.parse(await readFile(join(workspace, 'package.json'), 'utf8'))
  await writeFile(join(copy, 'package.json'), JSON.stringify(dressed(manifest)))
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts'], { cwd: copy })
  await run('tar', ['xzf', stdout.trim()], { cwd: copy })
  return join(copy, 'package')
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'kith-published-'))
  folders.push(made)
  return made
}

/** What npm installs with a package: none of it needed, and no script is run. */
async function asksFor(unpacked: string): Promise<readonly string[]> {
  const manifest: Readonly<Record<string, unknown>> = JSON.parse(
    await readFile(join(unpacked, 'package.json'), 'utf8'),
  )
  expect(manifest['dependencies']).toBeUndefined()
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
    expect(Object(manifest['scripts'])[script]).toBeUndefined()
  }
  return Object.keys(Object(manifest['optionalDependencies']))
}

/** What starts is small, as it is read by every Node; the parts are few, and none is there twice. */
async function isSmall(unpacked: string, entry: string): Promise<void> {
  const all = await readdir(join(unpacked, 'dist'))
  const scripts = all.filter((file) => file.endsWith('.js'))
  const sizes = await Promise.all(
    scripts.map(async (file) => (await stat(join(unpacked, 'dist', file))).size),
  )
  expect(scripts.length).toBeLessThan(40)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_500_000)
  expect(sizes[scripts.indexOf(entry)]).toBeLessThan(4_000)
  expect(all).toContain('third-party-licenses.txt')
}

test('RLY-87 what npm packs is a few bundles and types, asks for no package but the add-on, and starts alone', async () => {
  const unpacked = await packed(RELAY)
  expect(await asksFor(unpacked)).toEqual(['node-datachannel'])
  await isSmall(unpacked, 'kith-relay.js')
  // In an empty folder, without a single package beside it: it runs, and says what it goes without.
  const home = await folder()
  await writeFile(join(home, 'limits.json'), '{}')
  const listen = [
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--listen',
    '/ip4/127.0.0.1/udp/0/webrtc-direct',
  ]
  const started = run(
    process.execPath,
    [
      join(unpacked, 'dist/kith-relay.js'),
      '--json',
      '--home',
      home,
      ...listen,
      '--admin',
      'off',
      '--stun',
      'off',
    ],
    { cwd: home },
  )
  const lines: string[] = []
  started.child.stdout?.on('data', (text: string) => {
    lines.push(...text.trim().split('\n'))
    if (text.includes('"ready"')) started.child.kill('SIGTERM')
  })
  await started
  const events = lines.map((line) => JSON.parse(line))
  expect(events).toMatchObject([
    { event: 'notice', code: 'NO_WEBRTC' },
    { event: 'ready', claim: expect.stringMatching(/^WEB\+KITH:R\//) },
    { event: 'stopped' },
  ])
}, 60_000)

test('CLI-102 kith is published alike, with the store it needs in it: it makes an account in an empty folder', async () => {
  const unpacked = await packed(KITH)
  expect(await asksFor(unpacked)).toEqual(['@napi-rs/keyring', 'node-datachannel'])
  await isSmall(unpacked, 'kith.js')
  const home = await folder()
  const kith = (...argv: readonly string[]) =>
    run(process.execPath, [join(unpacked, 'dist/kith.js'), ...argv, '--json', '--home', home], {
      cwd: home,
    })
  const up = kith('up', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0')
  let said = ''
  up.child.stdout?.on('data', (text: string) => {
    said += text
  })
  await expect.poll(() => said, { timeout: 20_000 }).toContain('"ready"')
  const passphrase = join(home, 'passphrase')
  await writeFile(passphrase, 'kite lamp orbit stone river')
  // Argon2id runs in a worker, which is a file of its own
  const { stdout } = await kith('lock', '--set', '--passphrase-file', passphrase)
  expect(JSON.parse(stdout)).toMatchObject({ event: 'lock', passphrase: true })
  await kith('stop')
  await up
}, 60_000)

describe('CLI-104 RLY-87 compiled code', () => {
  const commands = [
    ['kith', KITH],
    ['kith-relay', RELAY],
  ] as const
  const start = (name: string, workspace: string, cache: string) => {
    const { NODE_DISABLE_COMPILE_CACHE: _, ...env } = process.env
    return run(process.execPath, [join(workspace, 'dist', `${name}.js`), '--version'], {
      env: { ...env, XDG_CACHE_HOME: cache },
    })
  }

  test.each(commands)('CLI-104 %s keeps it in a folder of its own', async (name, workspace) => {
    const cache = await folder()
    await start(name, workspace, cache)
    expect((await stat(join(cache, name))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(cache, name))).toHaveLength(1)
  })

  test.each(commands)(
    'CLI-104 %s leaves a folder alone that others write',
    async (name, workspace) => {
      const cache = await folder()
      await mkdir(join(cache, name))
      await chmod(join(cache, name), 0o777)
      await start(name, workspace, cache)
      expect(await readdir(join(cache, name))).toEqual([])
    },
  )

  test.each(commands)('CLI-104 %s starts without one', async (name, workspace) => {
    const cache = join(await folder(), 'file')
    await writeFile(cache, '')
    expect((await start(name, workspace, cache)).stdout).toContain('.')
  })
})
