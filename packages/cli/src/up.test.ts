import { stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { ACCOUNT, LAPTOP, messageId } from '../test/fake-device.ts'
import { fakeLibrary } from '../test/fake-node.ts'
import { run, start, temporaryFolder } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'

describe('CLI-20 kith up', () => {
  test('CLI-20 says that it is ready; there is no local page', async () => {
    const { up } = await createWorld()
    expect(up.events()).toEqual([
      {
        event: 'ready',
        account: ACCOUNT,
        device: LAPTOP,
        name: 'laptop',
        addresses: ['/ip4/127.0.0.1/tcp/4001'],
        ui: null,
      },
    ])
  })

  test('CLI-20 gives the device what was asked for', async () => {
    const home = await temporaryFolder()
    const library = fakeLibrary()
    const up = start(
      [
        'up',
        '--home',
        home,
        '--name',
        'desk',
        '--relay',
        '/a',
        '--relay',
        '/b',
        '--listen',
        '/c',
      ].concat(['--no-lan', '--no-ui', '--ui-port', '8080', '--json']),
      { library },
    )
    await eventually(() => up.out()).toContain('ready')
    up.signal('SIGTERM')
    await up.ended
    expect(library.devices[0]?.options).toMatchObject({
      home,
      name: 'desk',
      relays: ['/a', '/b'],
      listen: ['/c'],
      lan: false,
      newDevice: false,
    })
  })

  test('CLI-20 CLI-74 a new device shows each code once, the digits, then linked, then ready', async () => {
    const home = await temporaryFolder()
    const code = `WEB+KITH:L/${'A'.repeat(165)}`
    const library = fakeLibrary((fake) => {
      fake.linkStates = [
        { state: 'waiting', code, expiresInMs: 60_000.7 },
        { state: 'waiting', code, expiresInMs: 30_000 },
        { state: 'waiting', code: 'WEB+KITH:L/SECOND', expiresInMs: 60_000 },
        { state: 'seen' },
        { state: 'failed', code: 'ERR_CODE_WRONG_SECRET', message: 'The code is another one.' },
        { state: 'waiting', code: 'WEB+KITH:L/THIRD', expiresInMs: 60_000 },
        { state: 'confirm', digits: '246802' },
        { state: 'syncing', percent: 50 },
        { state: 'done', account: ACCOUNT, device: LAPTOP },
      ]
    })
    const up = start(['up', '--new-device', '--home', home, '--json'], { library, tty: true })
    await eventually(() => up.out()).toContain('"ready"')
    up.signal('SIGTERM')
    expect(await up.ended).toBe(0)
    expect(up.events()).toEqual([
      { event: 'link-code', code, expiresInMs: 60_000 },
      { event: 'link-code', code: 'WEB+KITH:L/SECOND', expiresInMs: 60_000 },
      { event: 'link-state', state: 'seen' },
      {
        event: 'link-state',
        state: 'failed',
        code: 'ERR_CODE_WRONG_SECRET',
        message: 'The code is another one.',
      },
      { event: 'link-code', code: 'WEB+KITH:L/THIRD', expiresInMs: 60_000 },
      { event: 'link-state', state: 'confirm', digits: '246802' },
      { event: 'link-state', state: 'syncing', percent: 50 },
      { event: 'linked', account: ACCOUNT, device: LAPTOP },
      expect.objectContaining({ event: 'ready', account: ACCOUNT }),
      // CLI-92: how the messages of before stand.
      expect.objectContaining({ event: 'history', done: true, percent: 100 }),
      { event: 'stopped' },
    ])
    // CLI-19: the code as text and as a QR, on stderr.
    expect(up.err()).toContain(`kith link ${code}\n`)
    expect(up.err()).toContain('▀')
  })

  test('CLI-20 commands of a device still to be linked say so; stop works', async () => {
    const home = await temporaryFolder()
    const library = fakeLibrary((fake) => {
      fake.linkStates = [{ state: 'waiting', code: 'WEB+KITH:L/AAAA', expiresInMs: 60_000 }]
    })
    const up = start(['up', '--new-device', '--home', home, '--json'], { library })
    await eventually(() => up.out()).toContain('link-code')
    for (const argv of [
      ['status'],
      ['devices'],
      ['contacts'],
      ['starred'],
      ['link', 'x', '--yes'],
    ]) {
      const { code, events } = await run([...argv, '--json', '--home', home])
      expect(code, argv[0]).toBe(1)
      expect(events()).toMatchObject([{ event: 'error', code: 'ERR_NOT_LINKED' }])
    }
    expect((await run(['stop', '--home', home])).code).toBe(0)
    expect(await up.ended).toBe(0)
  })
})

test('CLI-26 the first line is there before the device is loaded', async () => {
  const loading = Promise.withResolvers<never>()
  const library = fakeLibrary()
  const slow = { ...library, createNode: () => loading.promise }
  const up = start(['up', '--home', await temporaryFolder()], { library: slow })
  await eventually(() => up.err()).toBe('Starting …\n')
  loading.reject(new Error('It cannot start.'))
  expect(await up.ended).toBe(1)
  expect(up.err()).toContain('It cannot start. (ERR_FAILED)')
})

describe('CLI-21 how it ends', () => {
  test.each([
    ['SIGTERM', 0],
    ['SIGHUP', 0],
    ['SIGINT', 130],
  ] as const)('CLI-21 %s stops the device cleanly: exit %i', async (signal, expected) => {
    const { up, device, json } = await createWorld()
    up.signal(signal)
    expect(await up.ended).toBe(expected)
    expect(device.stopped).toBe(1)
    expect(up.events().at(-1)).toEqual({ event: 'stopped' })
    expect((await json(['status'])).code).toBe(3)
  })

  test('CLI-16 kith stop answers when the device has stopped', async () => {
    const { up, device, json } = await createWorld()
    const { code, events } = await json(['stop'])
    expect(device.stopped).toBe(1)
    expect({ code, events: events() }).toEqual({ code: 0, events: [{ event: 'stopped' }] })
    expect(await up.ended).toBe(0)
    const again = await json(['stop'])
    expect(again.code).toBe(3)
    expect(again.events()).toMatchObject([{ event: 'error', code: 'ERR_NOT_RUNNING' }])
  })

  test('CLI-16 commands that wait are told', async () => {
    const { up, home } = await createWorld()
    const following = start(['messages', 'Ben', '--follow', '--json', '--home', home])
    await eventually(() => following.out()).toContain('hello')
    up.signal('SIGTERM')
    expect(await following.ended).toBe(3)
    expect(following.events().at(-1)).toMatchObject({ event: 'error', code: 'ERR_NOT_RUNNING' })
    expect(await up.ended).toBe(0)
  })

  test('CLI-21 SIGINT ends a command that waits for its text', async () => {
    const never = new Promise<never>(() => undefined)
    const sending = start(['send', 'Ben', '-', '--json', '--home', await temporaryFolder()], {
      stdin: never,
    })
    await eventually(() => sending.listening()).toBe(true)
    sending.signal('SIGINT')
    expect(await sending.ended).toBe(130)
    expect(sending.events()).toMatchObject([{ event: 'error', code: 'ERR_INTERRUPTED' }])
  })

  test('CLI-21 a device that cannot stop cleanly says why', async () => {
    const home = await temporaryFolder()
    const library = fakeLibrary()
    const broken = {
      ...library,
      createNode: async (options: Parameters<typeof library.createNode>[0]) => {
        const node = await library.createNode(options)
        return Object.assign(node, { stop: () => Promise.reject(new Error('The disk is gone.')) })
      },
    }
    const up = start(['up', '--home', home, '--json'], { library: broken })
    await eventually(() => up.out()).toContain('ready')
    up.signal('SIGTERM')
    expect(await up.ended).toBe(1)
    expect(up.events().at(-1)).toMatchObject({ code: 'ERR_FAILED', message: 'The disk is gone.' })
  })

  test('CLI-21 a signal while the device starts ends it too', async () => {
    const home = await temporaryFolder()
    const library = fakeLibrary()
    const starting = Promise.withResolvers<void>()
    const slow = {
      ...library,
      createNode: (options: Parameters<typeof library.createNode>[0]) => {
        starting.resolve()
        return new Promise<never>((_, reject) => {
          options.signal?.addEventListener('abort', () => reject(new Error('aborted')))
        })
      },
    }
    const up = start(['up', '--home', home, '--json'], { library: slow })
    await starting.promise
    up.signal('SIGINT')
    expect(await up.ended).toBe(130)
  })
})

describe('CLI-10 one process per home', () => {
  test('CLI-10 a second kith up: exit 7, and the first goes on', async () => {
    const { home, library, json, device } = await createWorld()
    const second = await run(['up', '--home', home, '--json'], { library })
    expect(second.code).toBe(7)
    expect(second.events()).toEqual([
      {
        event: 'error',
        code: 'ERR_HOME_IN_USE',
        message: 'The home is in use.',
        hint: expect.stringContaining('kith stop'),
      },
    ])
    expect((await json(['status'])).code).toBe(0)
    expect(device.stopped).toBe(0)
  })

  test('CLI-22 the socket of a killed device does not stop the next', async () => {
    const home = await temporaryFolder()
    const path = join(home, 'kith.sock')
    await abandonSocket(path)
    const library = fakeLibrary()
    const up = start(['up', '--home', home, '--json'], { library })
    await eventually(() => up.out()).toContain('ready')
    expect((await run(['status', '--home', home])).code).toBe(0)
    up.signal('SIGTERM')
    expect(await up.ended).toBe(0)
  })

  test('CLI-22 commands find a killed device not running', async () => {
    const home = await temporaryFolder()
    await abandonSocket(join(home, 'kith.sock'))
    expect((await run(['status', '--json', '--home', home])).events()).toMatchObject([
      { event: 'error', code: 'ERR_NOT_RUNNING' },
    ])
  })
})

/** Leaves a socket file nobody listens at, as a killed process does. */
async function abandonSocket(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve))
  const { link } = await import('node:fs/promises')
  await link(`${path}.live`, path)
  await new Promise((resolve) => server.close(resolve))
  expect((await stat(path)).isSocket()).toBe(true)
}

describe('CLI-11 the socket', () => {
  test('CLI-11 only this account of the computer can open it', async () => {
    const { home } = await createWorld()
    const { mode } = await stat(join(home, 'kith.sock'))
    expect(mode & 0o777).toBe(0o600)
  })

  test('CLI-11 a home too deep for a socket has it in a private folder elsewhere', async () => {
    const base = await temporaryFolder()
    const runtime = await temporaryFolder()
    const home = join(base, 'x'.repeat(60), 'y'.repeat(60))
    const env = { XDG_RUNTIME_DIR: runtime }
    const up = start(['up', '--home', home, '--json'], { env, library: fakeLibrary() })
    await eventually(() => up.out()).toContain('ready')
    expect((await stat(join(home, 'socket'))).mode & 0o777).toBe(0o600)
    const paths = await run(['paths', '--home', home, '--json'])
    const [{ socket }] = paths.events() as [{ socket: string }]
    expect(socket.startsWith(runtime)).toBe(true)
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
    expect((await stat(join(socket, '..'))).mode & 0o777).toBe(0o700)
    // Commands find it although their environment is another one.
    expect((await run(['status', '--home', home])).code).toBe(0)
    up.signal('SIGTERM')
    expect(await up.ended).toBe(0)
  })

  test('CLI-11 a file that is no socket is not written to', async () => {
    const home = await temporaryFolder()
    await writeFile(join(home, 'kith.sock'), 'not a socket')
    expect((await run(['status', '--json', '--home', home])).code).toBe(3)
  })
})

describe('CLI-24 what a running device prints', () => {
  test('CLI-24 E5 no text, no name and no code of a command is in the output of kith up', async () => {
    const { up, json, device } = await createWorld()
    const canary = 'CANARY'
    await json(['send', 'Ben', canary])
    await json(['link', `WEB+KITH:L/${canary}`, '--yes'])
    await json(['contacts', 'add', canary])
    await json(['devices', 'rename', 'phone', canary])
    await json(['star', messageId('sent')])
    device.receive(canary, 'canary')
    up.signal('SIGTERM')
    await up.ended
    expect(up.out() + up.err()).not.toContain(canary)
  })
})
