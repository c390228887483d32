import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { fakeLibrary } from '../test/fake-node.ts'
import { type Run, run, type Seat, start, temporaryFolder } from '../test/terminal.ts'
import { createWorld, type World } from '../test/world.ts'
import type { Io } from './io.ts'

const PASSPHRASE = 'kite lamp orbit stone river'
const SECRET = { stdin: `${PASSPHRASE}\n` }

/** A device with a passphrase, up. */
async function guarded(): Promise<World> {
  const world = await createWorld()
  const set = await world.json(['lock', '--set', '--passphrase-file', '-'], SECRET)
  expect(set.code).toBe(0)
  return world
}

/** What the daemon has said since it was ready. */
function said(up: Run): readonly unknown[] {
  return up.events().map((event) => (event as { readonly event: string }).event)
}

describe('CLI-40 what locks the device', () => {
  test('CLI-40 set, change, auto and remove, by file, by stdin and by keyboard', async () => {
    const { json, human, home } = await createWorld()
    const file = join(home, 'passphrase')
    await writeFile(file, `${PASSPHRASE}\r\n`)
    const set = await json(['lock', '--set', '--passphrase-file', file])
    expect(set.events()).toEqual([
      {
        event: 'lock',
        locked: false,
        passphrase: true,
        keyring: false,
        autoLockMinutes: null,
        warning: null,
      },
    ])
    const auto = await json(['lock', '--auto', '15'])
    expect(auto.events()).toMatchObject([{ autoLockMinutes: 15 }])
    expect((await json(['lock', '--auto', '0'])).events()).toMatchObject([
      { autoLockMinutes: null },
    ])
    const changed = await human(['lock', '--change'], {
      tty: true,
      answers: [PASSPHRASE, '1234', '1234'],
    })
    expect(changed).toMatchObject({ code: 0 })
    // A short one is warned of, and what is typed is not shown.
    expect(changed.err()).toContain('That is short.')
    expect(changed.err()).not.toContain('1234')
    const removed = await json(['lock', '--remove', '--passphrase-file', '-'], { stdin: '1234' })
    expect(removed.events()).toMatchObject([{ event: 'lock', passphrase: false }])
  })

  test('CLI-40 two new ones that differ change nothing', async () => {
    const { human, json } = await createWorld()
    const { code, err } = await human(['lock', '--set'], { tty: true, answers: ['one', 'two'] })
    expect(code).toBe(2)
    expect(err()).toContain('not the same')
    expect((await json(['lock'])).events()).toMatchObject([{ code: 'ERR_LOCK_NONE' }])
  })

  test.each([
    [['lock', '--set'], 2, 'ERR_PASSPHRASE_NEEDED'],
    [['lock', '--remove'], 2, 'ERR_PASSPHRASE_NEEDED'],
    [['unlock'], 2, 'ERR_PASSPHRASE_NEEDED'],
    [['lock', '--set', '--remove'], 2, 'ERR_USAGE'],
    [['lock', '--auto', '10081'], 2, 'ERR_USAGE'],
    [['lock', '--set', PASSPHRASE], 2, 'ERR_USAGE'],
    [['lock', '--set', '--passphrase-file', '/nowhere/at/all'], 2, 'ERR_USAGE'],
    [['lock', '--auto', '5'], 1, 'ERR_LOCK_NONE'],
  ] as const)('CLI-8 CLI-40 %j without a terminal: exit %i, %s', async (argv, code, error) => {
    const { json } = await createWorld()
    const done = await json(argv)
    expect(done.code).toBe(code)
    expect(done.events()).toMatchObject([{ event: 'error', code: error }])
  })

  test('CLI-40 a keyring that cannot be used is told, and the passphrase stays', async () => {
    const { json } = await guarded()
    const keyring = await json(['lock', '--keyring', '--passphrase-file', '-'], SECRET)
    expect(keyring).toMatchObject({ code: 1 })
    expect(keyring.events()).toMatchObject([{ code: 'ERR_KEYRING' }])
    expect((await json(['lock', '--no-keyring'])).events()).toMatchObject([{ passphrase: true }])
  })
})

describe('CLI-42 a locked device', () => {
  test('CLI-42 kith lock locks now; every command is told, exit 6, until kith unlock', async () => {
    const { json, up } = await guarded()
    const locked = await json(['lock'])
    expect(locked.code).toBe(0)
    expect(locked.events()).toMatchObject([{ event: 'lock', locked: true }])
    for (const argv of [
      ['status'],
      ['devices'],
      ['contacts'],
      ['send', 'Ben', 'hi'],
      ['messages', 'Ben'],
      ['starred'],
      ['link', 'x', '--yes'],
      ['lock'],
      ['lock', '--auto', '5'],
    ]) {
      const refused = await json(argv)
      expect(refused.code, argv.join(' ')).toBe(6)
      expect(refused.events()).toMatchObject([
        { event: 'error', code: 'ERR_LOCKED', hint: 'Unlock it with: kith unlock' },
      ])
    }
    const wrong = await json(['unlock', '--passphrase-file', '-'], { stdin: 'wrong' })
    expect(wrong.code).toBe(6)
    expect(wrong.events()).toMatchObject([{ code: 'ERR_PASSPHRASE' }])
    const early = await json(['unlock', '--passphrase-file', '-'], { stdin: 'too often' })
    expect(early.code).toBe(6)
    expect(early.events()).toMatchObject([{ code: 'ERR_LOCK_BACKOFF' }])
    const unlocked = await json(['unlock', '--passphrase-file', '-'], SECRET)
    expect(unlocked.code).toBe(0)
    expect(unlocked.events()).toMatchObject([{ event: 'lock', locked: false }])
    expect((await json(['devices'])).code).toBe(0)
    await eventually(() => said(up)).toEqual(['ready', 'locked', 'ready'])
    // And a second time, for the device that was opened meanwhile.
    expect((await json(['lock'])).code).toBe(0)
    expect((await json(['devices'])).code).toBe(6)
  })

  test('CLI-42 a command that follows ends when the device locks', async () => {
    const { json, home } = await guarded()
    const following = start(['messages', 'Ben', '--follow', '--json', '--home', home])
    await eventually(() => following.out()).toContain('hello')
    expect((await json(['lock'])).code).toBe(0)
    expect(await following.ended).toBe(6)
    expect(following.events().at(-1)).toMatchObject({ code: 'ERR_LOCKED' })
  })

  test('CLI-42 it stops as any other', async () => {
    const { json, up } = await guarded()
    await json(['lock'])
    expect((await json(['stop'])).events()).toEqual([{ event: 'stopped' }])
    expect(await up.ended).toBe(0)
  })

  test('LOCK-8 every command is somebody who uses the device', async () => {
    const { json, device } = await createWorld()
    await json(['devices'])
    await json(['contacts'])
    expect(device.touched).toBe(2)
  })
})

describe('CLI-41 kith up on a locked home', () => {
  /** The computer of a device that was locked and stopped. */
  async function lockedComputer(): Promise<{
    home: string
    up: (seat?: Seat, argv?: string[]) => Run
  }> {
    const library = fakeLibrary()
    const home = await temporaryFolder()
    const up = (seat: Seat = {}, argv: string[] = []): Run => {
      const running = start(['up', '--home', home, '--json', ...argv], { library, ...seat })
      onTestFinished(async () => {
        running.signal('SIGTERM')
        await running.ended
      })
      return running
    }
    const first = up()
    await eventually(() => first.out()).toContain('"ready"')
    await run(['lock', '--set', '--passphrase-file', '-', '--home', home], SECRET)
    first.signal('SIGTERM')
    await first.ended
    return { home, up }
  }

  test('CLI-41 without a terminal it stays as a locked device, and waits for kith unlock', async () => {
    const { home, up } = await lockedComputer()
    const waiting = up()
    await eventually(() => waiting.events()).toEqual([{ event: 'locked' }])
    expect((await run(['status', '--json', '--home', home])).code).toBe(6)
    const second = await run(['up', '--home', home, '--json'], { library: fakeLibrary() })
    expect(second.code).toBe(7)
    expect((await run(['unlock', '--home', home, '--passphrase-file', '-'], SECRET)).code).toBe(0)
    await eventually(() => said(waiting)).toEqual(['locked', 'ready'])
    expect((await run(['devices', '--home', home])).code).toBe(0)
  })

  test('CLI-41 at a terminal it asks until the passphrase is right', async () => {
    const { up } = await lockedComputer()
    const asking = up({ tty: true, answers: ['wrong', PASSPHRASE] })
    await eventually(() => asking.out()).toContain('"ready"')
    expect(asking.err()).toContain('The passphrase is wrong.')
    expect(asking.err()).not.toContain(PASSPHRASE)
    expect(said(asking)).not.toContain('locked')
  })

  test('CLI-41 at a terminal it waits locked once a wait is due, or nothing was typed', async () => {
    const { up } = await lockedComputer()
    const hasty = up({ tty: true, answers: ['too often', PASSPHRASE] })
    await eventually(() => said(hasty)).toEqual(['locked'])
    hasty.signal('SIGTERM')
    await hasty.ended
    const silent = up({ tty: true, answers: [] })
    await eventually(() => said(silent)).toEqual(['locked'])
  })

  test('CLI-41 a file opens it, and a wrong one ends it: exit 6', async () => {
    const { home, up } = await lockedComputer()
    const file = join(home, 'passphrase')
    await writeFile(file, PASSPHRASE)
    const opened = up({}, ['--passphrase-file', file])
    await eventually(() => opened.out()).toContain('"ready"')
    opened.signal('SIGTERM')
    await opened.ended
    await writeFile(file, 'wrong')
    const refused = up({}, ['--passphrase-file', file])
    expect(await refused.ended).toBe(6)
    expect(refused.events()).toMatchObject([{ code: 'ERR_PASSPHRASE' }])
  })

  test('CLI-43 a keyring opens it when it starts', async () => {
    const keyring = fakeKeyring()
    const { home, up } = await lockedComputer()
    const first = up({ keyring }, [])
    await eventually(() => said(first)).toEqual(['locked'])
    await run(['unlock', '--home', home, '--passphrase-file', '-'], SECRET)
    first.signal('SIGTERM')
    await first.ended
    const file = join(home, 'passphrase')
    await writeFile(file, PASSPHRASE)
    const second = up({ keyring }, ['--passphrase-file', file])
    await eventually(() => second.out()).toContain('"ready"')
    const added = await run(['lock', '--keyring', '--home', home, '--passphrase-file', file])
    expect(added.out()).toContain('keyring')
    second.signal('SIGTERM')
    await second.ended
    const third = up({ keyring })
    await eventually(() => said(third)).toEqual(['ready'])
  })

  test.each([
    ['at a terminal', { tty: true, answers: [PASSPHRASE] }],
    ['by kith unlock', {}],
  ] as const)(
    'CLI-43 a device opened %s can be put into the keyring, and no wrong passphrase passes',
    async (_, seat) => {
      const { home, up } = await lockedComputer()
      const device = up({ ...seat, keyring: fakeKeyring() })
      if (!('tty' in seat)) {
        await eventually(() => said(device)).toEqual(['locked'])
        await run(['unlock', '--home', home, '--passphrase-file', '-'], SECRET)
      }
      await eventually(() => said(device).at(-1)).toBe('ready')
      const given = ['--home', home, '--passphrase-file', '-']
      expect(await run(['lock', '--keyring', ...given], SECRET)).toMatchObject({ code: 0 })
      expect(await run(['lock', '--home', home])).toMatchObject({ code: 0 })
      expect(await run(['unlock', ...given], { stdin: 'wrong' })).toMatchObject({ code: 6 })
      expect(await run(['unlock', ...given], SECRET)).toMatchObject({ code: 0 })
    },
  )
})

/** The keyring of a computer with a desktop. */
function fakeKeyring(): Io['keyring'] {
  const entries = new Map<string, string>()
  return {
    get: async (name) => entries.get(name),
    set: async (name, secret) => void entries.set(name, secret),
    delete: async (name) => void entries.delete(name),
  }
}
