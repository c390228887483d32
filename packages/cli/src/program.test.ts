import { describe, expect, test } from 'vitest'
import { run, temporaryFolder } from '../test/terminal.ts'

/** Every command that talks to a running device, with arguments it takes. */
const COMMANDS = [
  'link CODE --yes',
  'status',
  'devices',
  'devices list',
  'devices rename phone tablet',
  'contacts',
  'contacts list',
  'contacts invite',
  'contacts add CODE',
  'contacts add CODE --name Ben',
  'contacts rename Ben Benjamin',
  'send Ben hi',
  'send Ben hi --wait all --timeout 5',
  'messages Ben',
  'messages Ben --limit 5 --follow',
  'star mabcdef',
  'unstar mabcdef',
  'starred',
  'stop',
]

describe('CLI-3 exit codes', () => {
  test.each(COMMANDS)('CLI-3 kith %s without a device: exit 3', async (command) => {
    const home = await temporaryFolder()
    const { code, events, err } = await run([...command.split(' '), '--home', home, '--json'])
    expect(code).toBe(3)
    expect(err()).toBe('')
    expect(events()).toEqual([
      {
        event: 'error',
        code: 'ERR_NOT_RUNNING',
        message: 'No device runs for this home.',
        hint: 'Start the device with: kith up',
      },
    ])
  })

  test('CLI-3 a home that is not there is not made', async () => {
    const home = `${await temporaryFolder()}/none`
    expect((await run(['status', '--home', home])).code).toBe(3)
    await expect(import('node:fs/promises').then(({ stat }) => stat(home))).rejects.toThrow(
      'ENOENT',
    )
  })
})

describe('CLI-3 wrong usage: exit 2', () => {
  test.each([
    [['sned', 'Ben', 'hi'], "Unknown command 'sned'", 'Did you mean send?'],
    [['send', 'Ben'], "Missing required argument 'text'", 'Run: kith --help'],
    [['send', 'Ben', 'hello', 'world'], 'Too many arguments', 'Run: kith --help'],
    [
      ['send', 'Ben', 'hi', '--wait', 'some'],
      'Allowed choices are reached, all, none',
      'kith --help',
    ],
    [['send', 'Ben', 'hi', '--timeout', '0'], 'whole number of 1 to', 'kith --help'],
    [['send', 'Ben', '-5 degrees'], "Unknown option '-5 degrees'", 'goes after --'],
    [['messages', 'Ben', '--limit', 'x'], 'whole number', 'kith --help'],
    [['messages', 'Ben', '--limti', '5'], 'Unknown option', 'Did you mean --limit?'],
    [
      ['devices', 'renam', 'a', 'b'],
      'no command "devices renam"',
      'Did you mean: kith devices rename?',
    ],
    [['contacts', 'nothing'], 'no command "contacts nothing"', 'kith contacts --help'],
    [['contacts', 'rename', 'Ben', ''], 'A name is one line', 'kith --help'],
    [['devices', 'rename', 'x', 'a\nb'], 'A name is one line', 'kith --help'],
    [['up', '--name', 'n'.repeat(65)], 'A name is one line', 'kith --help'],
    [['up', '--ui-port', '70000'], 'whole number of 0 to 65535', 'kith --help'],
    [['--home'], 'argument missing', 'kith --help'],
    [['status', '--wait'], 'Unknown option', 'kith --help'],
  ])('CLI-3 kith %j', async (argv, message, hint) => {
    const { code, events, err } = await run(['--json', ...argv])
    expect(code).toBe(2)
    expect(err()).toBe('')
    expect(events()).toEqual([
      {
        event: 'error',
        code: 'ERR_USAGE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      },
    ])
  })

  test('CLI-3 no command at all: help on stderr, exit 2', async () => {
    const { code, out, err } = await run([])
    expect({ code, out: out() }).toEqual({ code: 2, out: '' })
    expect(err()).toMatch(/^Examples:/)
    expect((await run(['--json'])).events()).toMatchObject([{ event: 'error', code: 'ERR_USAGE' }])
  })

  test('CLI-1 what stands after -- is no option', async () => {
    const home = await temporaryFolder()
    const { code, out } = await run(['send', '--home', home, 'Ben', '--', '--json'])
    expect({ code, out: out() }).toEqual({ code: 3, out: '' })
  })
})

describe('help and version', () => {
  test('help begins with examples and is on stdout: exit 0', async () => {
    const { code, out, err } = await run(['--help'])
    expect({ code, err: err() }).toEqual({ code: 0, err: '' })
    expect(out()).toMatch(/^Examples:\n {2}kith up/)
    for (const name of COMMANDS) expect(out()).toContain(name.split(' ')[0])
  })

  test.each(['up', 'link', 'send', 'devices', 'contacts', 'messages'])(
    'kith %s --help names the options that go anywhere',
    async (name) => {
      const { code, out } = await run([name, '--help'])
      expect(code).toBe(0)
      expect(out()).toContain(`Usage: kith ${name}`)
      expect(out()).toContain('--home <dir>')
      expect(out()).toContain('--json')
    },
  )

  test.each(['', 'up', 'link', 'recovery restore', 'lock', 'log verify', 'devices unlink'])(
    'kith %s --help fits 80 columns and shows no default of the program itself',
    async (name) => {
      const { out } = await run([...name.split(' ').filter((word) => word !== ''), '--help'])
      for (const line of out().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
      expect(out()).not.toContain('[])')
    },
  )

  test('CLI-46 restore without a source is wrong usage', async () => {
    const { code, events } = await run(['recovery', 'restore', '--yes', '--json'])
    expect(code).toBe(2)
    expect(events()).toMatchObject([
      { code: 'ERR_USAGE', message: expect.stringContaining('--from') },
    ])
  })

  test('CLI-1 help in JSON is JSON', async () => {
    const { code, events } = await run(['send', '--help', '--json'])
    expect(code).toBe(0)
    expect(events()).toEqual([{ event: 'help', text: expect.stringContaining('Usage: kith send') }])
  })

  test('version', async () => {
    const { code, out } = await run(['--version'])
    expect(code).toBe(0)
    expect(out()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('CLI-9 the home', () => {
  test.each([
    [{ XDG_DATA_HOME: '/data' }, '/data/kith'],
    [{ XDG_DATA_HOME: 'relative', HOME: '/home/ada' }, '/home/ada/.local/share/kith'],
    [{ HOME: '/home/ada' }, '/home/ada/.local/share/kith'],
    [{ KITH_HOME: '/k', XDG_DATA_HOME: '/data' }, '/k'],
    [{ KITH_HOME: '', XDG_DATA_HOME: '/data' }, '/data/kith'],
  ])('CLI-9 %j is %s', async (env, home) => {
    const { events } = await run(['paths', '--json'], { env: { ...env } })
    expect(events()).toMatchObject([{ event: 'paths', home }])
  })

  test('CLI-9 --home goes before all', async () => {
    const { events } = await run(['--home', '/h', 'paths', '--json'], { env: { KITH_HOME: '/k' } })
    expect(events()).toEqual([{ event: 'paths', home: '/h', socket: '/h/kith.sock' }])
  })
})
