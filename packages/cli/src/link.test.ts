import { describe, expect, test } from 'vitest'
import { kithError, PHONE } from '../test/fake-node.ts'
import { run, temporaryFolder } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'

const CODE = 'WEB+KITH:L/AAAA'

describe('CLI-18 kith link', () => {
  test('CLI-18 --yes links without a terminal and tells how far it is', async () => {
    const { json } = await createWorld()
    const { code, events } = await json(['link', CODE, '--yes'])
    expect(code).toBe(0)
    expect(events()).toEqual([
      { event: 'link-state', state: 'seen' },
      { event: 'link-state', state: 'confirm' },
      { event: 'link-state', state: 'syncing', percent: 100 },
      { event: 'linked', device: PHONE, name: 'phone' },
    ])
  })

  test('CLI-8 without a terminal and without --yes it ends at once: exit 2', async () => {
    const home = await temporaryFolder()
    const { code, events } = await run(['link', CODE, '--json', '--home', home])
    expect(code).toBe(2)
    expect(events()).toEqual([
      {
        event: 'error',
        code: 'ERR_CONFIRMATION_NEEDED',
        message: expect.any(String),
        hint: expect.stringContaining('--yes'),
      },
    ])
  })

  test.each([
    ['y', 0],
    ['YES', 0],
    ['', 5],
    ['n', 5],
    ['yellow', 5],
    [undefined, 5],
  ] as const)('CLI-18 a person answers %j: exit %i', async (answer, expected) => {
    const { json } = await createWorld()
    const seat = { tty: true, answers: answer === undefined ? [] : [answer] }
    const { code, events, err } = await json(['link', CODE], seat)
    expect(err()).toContain('Device "phone" (cli), near')
    expect(code).toBe(expected)
    if (expected === 5) expect(events().at(-1)).toMatchObject({ code: 'ERR_LINK_DECLINED' })
  })

  test('CLI-18 a far device needs --far, --yes or not', async () => {
    const { json } = await createWorld((own) => {
      own.seen = { ...own.seen, distance: 'far' }
    })
    const { code, events } = await json(['link', CODE, '--yes'])
    expect(code).toBe(5)
    expect(events().at(-1)).toMatchObject({
      code: 'ERR_LINK_FAR',
      hint: expect.stringContaining('--far'),
    })
    expect((await json(['link', CODE, '--yes', '--far'])).code).toBe(0)
  })

  test.each([
    ['phone', 0],
    ['y', 5],
    ['', 5],
  ] as const)(
    'CLI-18 a person links a far device by its name: %j, exit %i',
    async (typed, expected) => {
      const { json } = await createWorld((own) => {
        own.seen = { ...own.seen, distance: 'far' }
      })
      const { code, err } = await json(['link', CODE, '--far'], { tty: true, answers: [typed] })
      expect(err()).toContain('FAR')
      expect(code).toBe(expected)
    },
  )

  test('CLI-18 a name that shows nothing is not confirmed by typing nothing', async () => {
    const { json } = await createWorld((own) => {
      own.seen = { ...own.seen, name: '\u001b[0m \u202e', distance: 'far' }
    })
    expect((await json(['link', CODE, '--far'], { tty: true, answers: [''] })).code).toBe(5)
    const typed = { tty: true, answers: [PHONE.slice(-8)] }
    expect((await json(['link', CODE, '--far'], typed)).code).toBe(0)
  })

  test('CLI-18 - reads the code from stdin', async () => {
    const { json } = await createWorld()
    expect((await json(['link', '-', '--yes'], { stdin: `${CODE}\n` })).code).toBe(0)
  })

  test.each([
    ['ERR_CODE_EXPIRED', 5],
    ['ERR_CODE_USED', 5],
    ['ERR_CODE_WRONG_SECRET', 5],
    ['ERR_CODE_MALFORMED', 5],
    ['ERR_LINK_ACCOUNT', 5],
    ['ERR_LINK_TIMEOUT', 4],
    ['ERR_UNREACHABLE', 4],
  ])('CLI-3 %s ends with exit %i', async (failure, expected) => {
    const { json } = await createWorld((own) => {
      own.linkFailure = kithError(failure, 'As the device says.')
    })
    const { code, events } = await json(['link', CODE, '--yes'])
    expect(code).toBe(expected)
    expect(events()).toEqual([
      { event: 'error', code: failure, message: 'As the device says.', hint: expect.any(String) },
    ])
  })

  test('CLI-4 the hint of the device goes before the one of the table', async () => {
    const { json } = await createWorld((own) => {
      own.linkFailure = kithError('ERR_CODE_USED', 'Used.', 'Do this.')
    })
    const { events } = await json(['link', CODE, '--yes'])
    expect(events()).toMatchObject([{ hint: 'Do this.' }])
  })
})
