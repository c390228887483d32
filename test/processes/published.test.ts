import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { dressed } from '../../publish/manifest.ts'

const run = promisify(execFile)
const RELAY = fileURLToPath(new URL('../../relay-node', import.meta.url))
const KITH = fileURLToPath(new URL('../../packages/cli', import.meta.url))
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
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

test('RLY-87 what npm packs is two bundles and types, asks for no package but the add-on, and starts alone', async () => {
  const unpacked = await packed(RELAY)
  expect(await asksFor(unpacked)).toEqual(['node-datachannel'])
  const scripts = (await readdir(join(unpacked, 'dist'))).filter((file) => file.endsWith('.js'))
  expect(scripts).toEqual(['index.js', 'kith-relay.js'])
  expect((await stat(join(unpacked, 'dist/kith-relay.js'))).size).toBeLessThan(4_000_000)
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
  const scripts = (await readdir(join(unpacked, 'dist'))).filter((file) => file.endsWith('.js'))
  expect(scripts).toEqual(['argon2id-worker.node.js', 'index.js', 'kith.js'])
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
