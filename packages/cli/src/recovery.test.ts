import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { kithError } from '../test/fake-device.ts'
import { type FakeLibrary, fakeLibrary } from '../test/fake-node.ts'
import { RESTORED, WORDS } from '../test/fake-recovery.ts'
import { type Run, run, type Seat, start, temporaryFolder } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'

describe('CLI-45 kith recovery, show and confirm', () => {
  test('CLI-45 recovery says where the words are', async () => {
    const { json, human, device } = await createWorld()
    expect((await json(['recovery'])).events()).toEqual([{ event: 'recovery', state: 'kept' }])
    expect((await human(['recovery'])).out()).toContain('kith recovery show')
    device.recovery.state = 'absent'
    expect((await json(['recovery', 'list'])).events()).toEqual([
      { event: 'recovery', state: 'absent' },
    ])
  })

  test('CLI-45 show prints the 12 words, numbered, within 80 columns', async () => {
    const { json, human } = await createWorld()
    const { code, events } = await json(['recovery', 'show'])
    expect(code).toBe(0)
    expect(events()).toEqual([{ event: 'recovery-words', words: WORDS }])
    const { out, err } = await human(['recovery', 'show'])
    const printed = [...out().matchAll(/(\d+)\. (\w+)/g)].sort(
      (a, b) => Number(a[1]) - Number(b[1]),
    )
    expect(printed.map(([, , word]) => word)).toEqual(WORDS)
    for (const line of [...out().split('\n'), ...err().split('\n')]) {
      expect(line.length).toBeLessThanOrEqual(80)
    }
    expect(err()).toContain('kith recovery confirm')
  })

  test('CLI-45 a person types three words at a terminal', async () => {
    const { human, device } = await createWorld()
    const answers = ['winner', 'sausage', 'yellow']
    const { code, err, out } = await human(['recovery', 'confirm'], { tty: true, answers })
    expect(code).toBe(0)
    expect(err()).toContain('Word 2: Word 6: Word 12: ')
    expect(out()).toContain('erased')
    expect(device.recovery.answers).toEqual([
      { place: 2, word: 'winner' },
      { place: 6, word: 'sausage' },
      { place: 12, word: 'yellow' },
    ])
  })

  test('CLI-21 Ctrl-C at a question: exit 130, and nothing is said to have failed', async () => {
    const home = await temporaryFolder()
    const argv = ['recovery', 'restore', '--from', 'WEB+KITH:C/AAAA', '--home', home]
    const running = start(argv, { tty: true, silent: true })
    await eventually(running.err).toContain('12 recovery words')
    running.signal('SIGINT')
    expect(await running.ended).toBe(130)
    expect(running.err()).not.toContain('ERR_')
  })

  test('CLI-45 wrong words: exit 5', async () => {
    const { json, device } = await createWorld()
    const seat = { tty: true, answers: ['winner', 'wrong', 'yellow'] }
    const { code, events } = await json(['recovery', 'confirm'], seat)
    expect(code).toBe(5)
    expect(events().at(-1)).toMatchObject({ event: 'error', code: 'ERR_WORDS_WRONG' })
    expect(device.recovery.state).toBe('kept')
  })

  test('CLI-8 without a terminal and without a file it asks the device for nothing: exit 2', async () => {
    const { json, device } = await createWorld()
    const { code, events } = await json(['recovery', 'confirm'])
    expect(code).toBe(2)
    expect(events()).toMatchObject([{ code: 'ERR_CONFIRMATION_NEEDED' }])
    expect(device.recovery.answers).toEqual([])
  })

  test('CLI-45 a script gives all twelve in a file or on stdin; three of them are asked for', async () => {
    const lines = WORDS.map((word, at) => `${at + 1} ${word}`).join('\n')
    const file = join(await temporaryFolder(), 'answers')
    await writeFile(file, lines)
    for (const [given, stdin] of [
      [file, ''],
      ['-', lines],
    ] as const) {
      const { json, device } = await createWorld()
      const { code, events } = await json(['recovery', 'confirm', '--answers', given], { stdin })
      expect(code).toBe(0)
      expect(events()).toEqual([
        { event: 'recovery-challenge', places: [2, 6, 12] },
        { event: 'recovery', state: 'confirmed' },
      ])
      expect(device.recovery.answers.map(({ word }) => word)).toEqual([
        'winner',
        'sausage',
        'yellow',
      ])
    }
  })

  test.each([
    ['no such place', '1 legal\n2 winner\n'],
    ['no word', '2\n6 sausage\n12 yellow\n'],
    ['no text', '\u0000\u0001'],
    ['far too long', 'x'.repeat(5_000)],
  ])('CLI-45 a file with %s: exit 2', async (_, stdin) => {
    const { json } = await createWorld()
    const { code, events } = await json(['recovery', 'confirm', '--answers', '-'], { stdin })
    expect(code).toBe(2)
    expect(events().at(-1)).toMatchObject({ code: 'ERR_USAGE' })
  })

  test('CLI-45 words that are gone: exit 1', async () => {
    const { json, device } = await createWorld()
    device.recovery.failure = kithError('ERR_WORDS_GONE', 'Gone.')
    const { code, events } = await json(['recovery', 'show'])
    expect(code).toBe(1)
    expect(events()).toMatchObject([{ code: 'ERR_WORDS_GONE' }])
  })

  test('CLI-45 copies with contacts are shown and switched', async () => {
    const { json, human, device } = await createWorld()
    expect((await json(['recovery', 'copies'])).events()).toEqual([
      { event: 'recovery-copies', on: true },
    ])
    expect((await human(['recovery', 'copies', 'off'])).out()).toContain('no copies')
    expect(device.recovery.copies).toBe(false)
    expect((await json(['recovery', 'copies', 'maybe'])).code).toBe(2)
  })

  test('REC-6 up and status say once that the words are not written down, until they are', async () => {
    const { human, json, device } = await createWorld()
    const said = async (): Promise<number> =>
      (await human(['status'])).err().split('kith recovery show').length - 1
    expect(await said()).toBe(1)
    expect((await json(['status'])).events()).toMatchObject([{ recovery: 'kept' }])
    device.recovery.state = 'confirmed'
    expect(await said()).toBe(0)
  })
})

describe('CLI-46 kith recovery restore', () => {
  interface Restored {
    readonly ended: Run & { code: number }
    readonly library: FakeLibrary
  }

  async function restore(
    argv: readonly string[],
    { seat = {}, failure }: { readonly seat?: Seat; readonly failure?: Error } = {},
  ): Promise<Restored> {
    const home = await temporaryFolder()
    const library = fakeLibrary((fake) => {
      fake.recovery.failure = failure
    })
    const all = ['recovery', 'restore', '--from', '/p2p/x', ...argv, '--home', home]
    return { ended: await run(all, { ...seat, library }), library }
  }

  const words = WORDS.join(' ')

  test('CLI-46 without a terminal: words from a file, --yes, and one event after the other', async () => {
    const { ended, library } = await restore(
      ['--words-file', '-', '--yes', '--keep', 'laptop', '--name', 'new', '--json'],
      { seat: { stdin: `${words}\n` } },
    )
    expect(ended.code).toBe(0)
    expect(ended.events()).toMatchObject([
      {
        event: 'recovery-plan',
        account: RESTORED,
        name: 'Ada',
        since: '2026-03-03T09:00:00.000Z',
        devices: [{ name: 'phone', kept: false, answered: false }],
        contacts: 12,
        starred: 1,
        settings: 3,
        copyMadeAt: '2026-11-20T18:00:00.000Z',
        fromRemoved: false,
        history: 'none',
        sources: [{ own: false, name: 'Ben' }],
      },
      { event: 'recovered', account: RESTORED, kept: [] },
    ])
    const [device] = library.devices
    expect(device?.options).toMatchObject({ newDevice: true, name: 'new' })
    expect(device?.recovery.asked).toEqual({
      words: `${words}\n`,
      from: ['/p2p/x'],
      keep: ['laptop'],
    })
    expect(device?.stopped).toBe(1)
  })

  test('CLI-46 a person types the words, reads what comes back and what does not, and agrees', async () => {
    const { ended } = await restore([], { seat: { tty: true, answers: [words, 'y'] } })
    expect(ended.code).toBe(0)
    const said = ended.err()
    for (const part of [
      'Account "Ada"',
      'Asked      "Ben"',
      'out, for good: "phone"',
      'contacts 12, stars 1, settings 3',
      'messages: no device stays that has them',
      'Recover the account onto this device? [y/N]',
    ]) {
      expect(said).toContain(part)
    }
    for (const line of said.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect(ended.out()).toContain('kith up')
  })

  test.each(['', 'n', 'yellow'])('CLI-46 %j is a no: exit 5', async (answer) => {
    const { ended } = await restore(['--json'], { seat: { tty: true, answers: [words, answer] } })
    expect(ended.code).toBe(5)
    expect(ended.events().at(-1)).toMatchObject({ code: 'ERR_RECOVERY_DECLINED' })
  })

  test.each([
    ['nothing', []],
    ['words but no --yes', ['--words-file', '-']],
    ['--yes but no words', ['--yes']],
  ])('CLI-8 without a terminal, %s: exit 2 before a device is made', async (_, argv) => {
    const { ended, library } = await restore([...argv, '--json'], { seat: { stdin: words } })
    expect(ended.code).toBe(2)
    expect(ended.events()).toMatchObject([{ code: 'ERR_CONFIRMATION_NEEDED' }])
    expect(library.devices).toEqual([])
  })

  test.each([
    ['ERR_WORDS', 5],
    ['ERR_RECOVERY_UNKNOWN', 5],
    ['ERR_RECOVERY_SOURCE', 5],
    ['ERR_RECOVERY_KEEP', 2],
    ['ERR_UNREACHABLE', 4],
    ['ERR_ADDRESS', 2],
    ['ERR_LINK_ALREADY', 5],
  ])('CLI-3 %s ends with exit %i, and the device is stopped', async (code, exit) => {
    const { ended, library } = await restore(['--words-file', '-', '--yes', '--json'], {
      seat: { stdin: words },
      failure: kithError(code, 'As the device says.'),
    })
    expect(ended.code).toBe(exit)
    expect(ended.events()).toMatchObject([{ event: 'error', code }])
    expect(library.devices[0]?.stopped).toBe(1)
  })

  test('CLI-46 the words stand on no command line and in no output', async () => {
    const { ended } = await restore([], { seat: { tty: true, answers: [words, 'y'] } })
    const { out, err } = ended
    for (const word of ['sausage', 'wave', 'yellow']) expect(out() + err()).not.toContain(word)
    const help = await run(['recovery', 'restore', '--help'])
    expect(help.out()).not.toMatch(/--words[ =<]/)
  })
})
