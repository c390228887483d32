import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type RelayProcess, startKithRelay } from './testing/processes.ts'
import { ask, connectTo, openCircuit, RESERVE, reserveByHand } from './testing/raw-circuit.ts'
import { createWorld } from './testing/running.ts'
import { circuitAddress } from './testing/stock-peer.ts'

const world = createWorld()
const started: RelayProcess[] = []
afterEach(async () => {
  await world.stop()
  for (const { child, exit } of started.splice(0)) {
    child.kill('SIGKILL')
    await exit()
  }
})

const LOOPBACK = ['--open', '--listen', '/ip4/127.0.0.1/tcp/0', '--stun', 'off', '--admin', 'off']
const CLOSED = ['--listen', '/ip4/127.0.0.1/tcp/0', '--stun', 'off', '--admin', 'off']
const ASIDE = ['--open', '--stun', 'off', '--admin', 'off']
/** A process takes a moment, and on a busy machine a long one. */
const PATIENCE = { timeout: 30_000 } as const
vi.setConfig({ testTimeout: 120_000 })
const MIB = 1024 * 1024

function kithRelay(...given: Parameters<typeof startKithRelay>): RelayProcess {
  const relay = startKithRelay(...given)
  started.push(relay)
  return relay
}

async function runOn(home: string, args: readonly string[] = LOOPBACK) {
  const relay = kithRelay(['run', '--home', home, '--json', ...args])
  const ready = await relay.event('ready')
  const addresses = Array.isArray(ready['addresses']) ? ready['addresses'].map(String) : []
  return { relay, ready, addresses, address: addresses[0] ?? '' }
}

describe('kith-relay run', () => {
  test('RLY-12 says once that it is ready, and stops within seconds with 0', async () => {
    const { relay, ready, address } = await runOn(await world.home(), [
      ...LOOPBACK.slice(0, -2),
      '--admin',
      '127.0.0.1:0',
    ])
    expect(ready).toEqual({
      event: 'ready',
      relay: address.split('/p2p/')[1],
      addresses: [address],
      claim: null,
      admin: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      stun: null,
    })
    expect((await fetch(`${ready['admin']}/readyz`)).status).toBe(200)
    const ada = await world.peer({ listen: [`${address}/p2p-circuit`] })
    relay.child.kill('SIGTERM')
    const at = performance.now()
    expect(await relay.exit()).toBe(0)
    expect(performance.now() - at).toBeLessThan(3_000)
    await expect.poll(() => ada.getConnections()).toEqual([])
    expect(relay.stdout().trim().split('\n')).toHaveLength(2)
    expect(relay.stderr()).toBe('')
  })

  test('RLY-15 after kill -9 it is the same relay at the same address', async () => {
    const home = await world.home()
    const first = await runOn(home)
    const port = /\/tcp\/(\d+)/.exec(first.address)?.[1]
    await world.peer({ listen: [`${first.address}/p2p-circuit`] })
    first.relay.child.kill('SIGKILL')
    await first.relay.exit()
    const listen = ['--listen', `/ip4/127.0.0.1/tcp/${port}`, ...ASIDE]
    const second = await runOn(home, listen)
    expect(second.ready).toEqual(first.ready)
    const ada = await world.peer({ listen: [`${first.address}/p2p-circuit`] })
    const ben = await world.peer()
    const connection = await ben.dial(circuitAddress(first.address, ada))
    expect(connection.remotePeer.equals(ada.peerId)).toBe(true)
  })

  test('RLY-15 E2 the second on one home ends with 7, and the first goes on', async () => {
    const home = await world.home()
    const { address } = await runOn(home)
    const second = kithRelay(['run', '--home', home, '--json', ...LOOPBACK])
    expect(await second.exit()).toBe(7)
    expect(JSON.parse(second.stdout())).toEqual({
      event: 'error',
      code: 'ERR_HOME_HELD',
      message: expect.stringContaining(home),
      hint: expect.any(String),
    })
    expect((await ask(await world.peer({ circuit: false }), address, RESERVE)).status).toBe(100)
    const status = kithRelay(['status', '--home', home, '--json'])
    expect(await status.event('status')).toMatchObject({ ready: true, reservations: 1 })
    expect(await status.exit()).toBe(0)
  })

  test('RLY-70 RLY-71 without a word it runs, closed, and shows how to claim it', async () => {
    const home = await world.home()
    const relay = kithRelay(['--home', home, ...CLOSED])
    await expect.poll(() => relay.stdout(), PATIENCE).toContain('kith relay claim WEB+')
    expect(relay.stdout()).toContain('Relay ready. It forwards sealed bytes')
    expect(relay.stdout()).toMatch(/Who may use it +nobody yet: the first device/)
    relay.child.kill('SIGINT')
    expect(await relay.exit()).toBe(0)
  })

  test('RLY-17 open, it says so', async () => {
    const relay = kithRelay(['--home', await world.home(), ...LOOPBACK])
    await expect.poll(() => relay.stdout(), PATIENCE).toContain('Stop ')
    expect(relay.stdout()).toMatch(/Who may use it +everybody who knows an address/)
    expect(relay.stdout()).not.toContain('claim')
  })

  test('RLY-72 the code is asked for on the socket of the home, and no journal has it', async () => {
    const home = await world.home()
    const relay = kithRelay(['run', '--log', '--home', home, ...CLOSED])
    const ready = await relay.event('ready')
    expect(ready).toMatchObject({ level: 'info', time: expect.stringMatching(/^\d{4}-.+Z$/) })
    const asked = kithRelay(['claim-code', '--home', home, '--json'])
    const { code } = await asked.event('claim-code')
    expect(code).toMatch(/^WEB\+KITH:R\/[A-Z2-7]+$/)
    expect(await asked.exit()).toBe(0)
    relay.child.kill('SIGTERM')
    expect(await relay.exit()).toBe(0)
    expect(relay.stdout() + relay.stderr()).not.toContain('WEB+KITH')
    for (const file of await filesOf(home)) expect(file).not.toContain('WEB+KITH')
  })

  test('RLY-77 RLY-84 an id is allowed and taken out again while it runs; limits are read anew', async () => {
    const home = await world.home()
    const { relay, address } = await runOn(home, CLOSED)
    const peer = await world.peer({ circuit: false })
    const id = peer.peerId.toString()
    expect((await ask(peer, address, RESERVE)).status).toBe(202)
    const allow = kithRelay(['allow', id, '--home', home, '--json'])
    expect(await allow.event('allowed')).toMatchObject({ allowed: [id], running: true })
    expect((await ask(peer, address, RESERVE)).status).toBe(100)
    await writeFile(join(home, 'limits.json'), '{"maxCircuits": 3}')
    relay.child.kill('SIGHUP')
    await relay.event('reloaded')
    const status = kithRelay(['status', '--home', home, '--json'])
    expect(await status.event('status')).toMatchObject({ limits: { maxCircuits: 3 } })
    await writeFile(join(home, 'limits.json'), '{"maxCircuits": "many"}')
    relay.child.kill('SIGHUP')
    expect(await relay.event('error')).toMatchObject({ code: 'ERR_LIMITS' })
    const wrong = kithRelay(['allow', 'nobody', '--home', home, '--json'])
    expect(await wrong.exit()).toBe(2)
  })

  test('RLY-85 from a backup it is the same relay with the same owner elsewhere', async () => {
    const home = await world.home()
    const first = await runOn(home, CLOSED)
    await writeFile(join(home, 'owner.txt'), `a${'a'.repeat(52)}\n`)
    first.relay.child.kill('SIGTERM')
    await first.relay.exit()
    const file = join(await world.home(), 'relay.backup')
    expect(await kithRelay(['backup', file, '--home', home]).exit()).toBe(0)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const other = await world.home()
    expect(await kithRelay(['restore', file, '--home', other]).exit()).toBe(0)
    const second = await runOn(other, CLOSED)
    expect(second.ready['relay']).toBe(first.ready['relay'])
    expect(second.ready['claim']).toBeNull()
    const again = kithRelay(['restore', file, '--home', other, '--json'])
    expect(await again.exit()).toBe(1)
    expect(JSON.parse(again.stdout())).toMatchObject({ code: 'ERR_BACKUP' })
  })

  test('RLY-78 a month that is used up ends circuits and takes no more, over restarts too', async () => {
    const home = await world.home()
    const month = [...LOOPBACK, '--monthly', String(MIB)]
    const first = await runOn(home, month)
    const [ada, ben] = await Promise.all([1, 2].map(() => world.peer({ circuit: false })))
    if (ada === undefined || ben === undefined) throw new Error('no peers')
    const next = await reserveByHand(ada, first.address)
    const circuit = await openCircuit(ben, first.address, { to: ada, next })
    const ended = once(circuit.initiator, 'close')
    circuit.target.resume()
    for (let sent = 0; sent < 2 * MIB; sent += 65_536)
      void circuit.initiator.send(new Uint8Array(65_536))
    await ended
    expect((await ask(ben, first.address, connectTo(ada))).status).toBe(201)
    first.relay.child.kill('SIGTERM')
    await first.relay.exit()
    const second = await runOn(home, month)
    expect((await ask(ben, second.address, RESERVE)).status).toBe(201)
  })

  test('a wrong command line is 2, with what was meant', async () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [['run', '--listne', '/ip4/127.0.0.1/tcp/0'], '--listen'],
      [['run', '--listen', 'tcp/0'], '/ip4/0.0.0.0/tcp/4001'],
      [['run', '--max-reservations', '0'], 'at least 1'],
      [['run', '--admin', '4003'], 'HOST:PORT'],
      [['rnu'], 'run'],
    ]
    await Promise.all(
      wrong.map(async ([args, meant]) => {
        const relay = kithRelay([...args, '--json'])
        expect(await relay.exit()).toBe(2)
        const error = JSON.parse(relay.stdout())
        expect(error).toMatchObject({ event: 'error', code: 'ERR_USAGE' })
        expect(error.message).toContain(meant)
      }),
    )
    const text = kithRelay(['rnu'])
    expect(await text.exit()).toBe(2)
    expect(text.stderr()).toContain('Did you mean run?')
    expect(text.stdout()).toBe('')
  })

  test('status of a home without a relay is 3', async () => {
    const status = kithRelay(['status', '--home', await world.home(), '--json'])
    expect(await status.exit()).toBe(3)
    expect(JSON.parse(status.stdout())).toMatchObject({ code: 'ERR_RELAY_NOT_RUNNING' })
  })

  test('--help and --version are data, on stdout, with 0', async () => {
    const help = kithRelay(['--help'])
    const version = kithRelay(['--version'])
    expect([await help.exit(), await version.exit()]).toEqual([0, 0])
    expect(help.stdout()).toContain('Examples:')
    expect(version.stdout()).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('an old Node gets a sentence', async () => {
    const versions = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`
    const relay = kithRelay(['run'], { preload: versions })
    expect(await relay.exit()).toBe(1)
    expect(relay.stderr()).toBe('kith-relay needs Node 22.12 or newer, and this is 20.20.2.\n')
  })
})

describe('webrtc-direct', () => {
  const listen = ['--listen', '/ip4/127.0.0.1/udp/0/webrtc-direct', ...LOOPBACK]

  test('RLY-6 browsers find it at the same certificate after a restart', async () => {
    const home = await world.home()
    const certhashOf = (addresses: readonly string[]) =>
      addresses.map((address) => /\/certhash\/(\w+)/.exec(address)?.[1]).find(Boolean)
    const first = await runOn(home, listen)
    const webrtc = first.addresses.find((address) => address.includes('/webrtc-direct/')) ?? ''
    const ada = await world.peer({ listen: [`${webrtc}/p2p-circuit`], webrtc: true })
    const ben = await world.peer({ webrtc: true })
    const connection = await ben.dial(circuitAddress(webrtc, ada))
    expect(connection.remotePeer.equals(ada.peerId)).toBe(true)
    first.relay.child.kill('SIGTERM')
    expect(await first.relay.exit()).toBe(0)
    const second = await runOn(home, listen)
    expect(certhashOf(second.addresses)).toBe(certhashOf(first.addresses))
  })

  test('RLY-6 without its add-on the relay runs on TCP, and says so', async () => {
    const missing = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === 'node-datachannel' || specifier === 'node-datachannel/polyfill') throw new Error('no binary')
        return next(specifier, context)
      } })`
    const relay = kithRelay(['run', '--home', await world.home(), '--json', ...listen], {
      preload: missing,
    })
    expect(await relay.event('notice')).toMatchObject({ code: 'NO_WEBRTC' })
    const { addresses } = await relay.event('ready')
    expect(addresses).toHaveLength(1)
  })
})

describe('what crosses it stays nowhere', () => {
  test('RLY-9 RLY-15 RLY-16 E5 it holds little of a flood, and nothing of it afterwards', async () => {
    const home = await world.home()
    const { relay, ready, address } = await runOn(home, [
      ...LOOPBACK.slice(0, -2),
      '--admin',
      '127.0.0.1:0',
    ])
    const [ada, ben] = await Promise.all([1, 2].map(() => world.peer({ circuit: false })))
    if (ada === undefined || ben === undefined) throw new Error('no peers')
    const next = await reserveByHand(ada, address)
    const { initiator, target } = await openCircuit(ben, address, { to: ada, next })
    const idle = await residentBytes(relay)
    const canary = 'CANARY-6f1d'
    const chunk = new Uint8Array(Buffer.from(canary.repeat(6_000)))
    // A hostile sender: it never waits for anybody.
    for (let sent = 0; sent < 96 * MIB; sent += chunk.length) void initiator.send(chunk)
    await expect.poll(async () => statusOf(ready)).toMatchObject({ circuits: 1 })
    const flooded = await residentBytes(relay)
    expect(flooded - idle).toBeLessThan(32 * MIB)
    let received = 0
    target.addEventListener('message', ({ data }) => {
      received += data.byteLength
    })
    target.resume()
    await expect.poll(() => received, { timeout: 10_000 }).toBeGreaterThan(80 * MIB)
    const pages = ['/status', '/metrics', '/healthz'].map((path) =>
      fetch(`${ready['admin']}${path}`),
    )
    const told = await Promise.all(pages.map(async (page) => (await page).text()))
    relay.child.kill('SIGTERM')
    await relay.exit()
    const peers = [ada, ben].map(({ peerId }) => peerId.toString())
    const everything = [...told, relay.stdout(), relay.stderr(), ...(await filesOf(home))].join(
      '\n',
    )
    for (const secret of [canary, ...peers]) expect(everything).not.toContain(secret)
  })
})

async function statusOf(ready: Readonly<Record<string, unknown>>): Promise<unknown> {
  return (await fetch(`${ready['admin']}/status`)).json()
}

/** Memory of the process that is not shared, Linux only; 0 elsewhere. */
async function residentBytes({ child }: RelayProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

async function filesOf(home: string): Promise<readonly string[]> {
  const names = await readdir(home)
  const texts = names.map((name) => readFile(join(home, name), 'latin1').catch(() => ''))
  return [...names, ...(await Promise.all(texts))]
}
