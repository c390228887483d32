import { describe, expect, test } from 'vitest'
import { ACCOUNT, device, kithError, LAPTOP, PHONE } from '../test/fake-device.ts'
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
      { event: 'link-state', state: 'confirm', digits: '246802' },
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
    ['y', 0, undefined],
    ['YES', 0, undefined],
    ['', 5, 'ERR_LINK_DECLINED'],
    ['n', 5, 'ERR_LINK_DIGITS'],
    ['NO', 5, 'ERR_LINK_DIGITS'],
    ['yellow', 5, 'ERR_LINK_DECLINED'],
    [undefined, 5, 'ERR_LINK_DECLINED'],
  ] as const)('CLI-18 a person answers %j: exit %i', async (answer, expected, refused) => {
    const { json } = await createWorld()
    const seat = { tty: true, answers: answer === undefined ? [] : [answer] }
    const { code, events, err } = await json(['link', CODE], seat)
    expect(err()).toContain('Device "phone" (cli), near')
    expect(err()).toContain('246 802')
    expect(code).toBe(expected)
    if (refused) expect(events().at(-1)).toMatchObject({ code: refused })
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
    ['246802', 0, undefined],
    ['246 802', 0, undefined],
    ['246-802', 0, undefined],
    ['246803', 5, 'ERR_LINK_DIGITS'],
    ['y', 5, 'ERR_LINK_DIGITS'],
    ['phone', 5, 'ERR_LINK_DIGITS'],
    ['', 5, 'ERR_LINK_DECLINED'],
  ] as const)(
    'CLI-18 a far device is linked by typing the digits it shows: %j, exit %i',
    async (typed, expected, refused) => {
      const { json } = await createWorld((own) => {
        own.seen = { ...own.seen, distance: 'far' }
      })
      const seat = { tty: true, answers: [typed] }
      const { code, err, events } = await json(['link', CODE, '--far'], seat)
      expect(err()).toContain('FAR')
      // What is to be typed stands on the other screen only.
      expect(err()).not.toMatch(/246.?802/)
      expect(code).toBe(expected)
      if (refused) expect(events().at(-1)).toMatchObject({ code: refused })
    },
  )

  test('CLI-18 a name that shows nothing is shown by the end of the id', async () => {
    const { json } = await createWorld((own) => {
      own.seen = { ...own.seen, name: '\u001b[0m \u202e' }
    })
    const { err } = await json(['link', CODE], { tty: true, answers: ['y'] })
    expect(err()).toContain(`Device "${PHONE.slice(-8)}"`)
  })

  test.each([
    [['--temporary'], 12],
    [['--temporary', '2'], 2],
    [[], undefined],
  ] as const)('CLI-18 %j links for %j hours', async (flags, hours) => {
    const { json, device: own } = await createWorld()
    expect((await json(['link', CODE, '--yes', ...flags])).code).toBe(0)
    expect(own.asked.temporary?.hours).toBe(hours)
  })

  test.each([['0'], ['721'], ['soon']])('CLI-18 --temporary %s is wrong usage', async (hours) => {
    const { json } = await createWorld()
    expect((await json(['link', CODE, '--yes', '--temporary', hours])).code).toBe(2)
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

describe('CLI-70 kith link --show', () => {
  const waiting = { state: 'waiting', code: 'WEB+KITH:J/AAAA', expiresInMs: 60_000 } as const

  test('CLI-70 shows each code, and links whoever shows the digits that are typed', async () => {
    const { json } = await createWorld((own) => {
      own.linkStates = [
        waiting,
        { state: 'seen' },
        { state: 'confirm', digits: '246802' },
        { state: 'done', account: ACCOUNT, device: PHONE },
      ]
    })
    const seat = { tty: true, answers: ['246802'] }
    const { code, events, err } = await json(['link', '--show'], seat)
    expect(code).toBe(0)
    expect(events()).toEqual([
      { event: 'link-code', code: waiting.code, expiresInMs: 60_000 },
      { event: 'link-state', state: 'seen' },
      { event: 'link-state', state: 'confirm', digits: '246802' },
      { event: 'linked', device: PHONE, name: 'phone' },
    ])
    expect(err()).toContain(`kith up --new-device --code ${waiting.code}`)
    expect(err()).not.toContain('246 802')
  })

  test('CLI-70 nobody is let in without a person, --yes or not', async () => {
    const { json } = await createWorld()
    for (const flags of [[], ['--yes']]) {
      const { code, events } = await json(['link', '--show', ...flags])
      expect(code).toBe(2)
      const hint = expect.not.stringContaining('add --yes')
      expect(events()).toMatchObject([{ code: 'ERR_CONFIRMATION_NEEDED', hint }])
    }
  })

  test('CLI-70 wrong digits refuse the device', async () => {
    const { json, device: own } = await createWorld((fake) => {
      fake.linkStates = [
        { state: 'confirm', digits: '246802' },
        { state: 'done', account: ACCOUNT, device: PHONE },
      ]
    })
    await json(['link', '--show'], { tty: true, answers: ['111111'] })
    expect(own.answers).toEqual(['differ'])
  })
})

describe('CLI-71 kith link --nearby', () => {
  const phone = { device: PHONE, name: 'phone', kind: 'cli' }
  const tablet = { device: LAPTOP, name: 'tablet', kind: 'browser' }

  test('CLI-71 lists who waits, then links the only one', async () => {
    const { json } = await createWorld((own) => {
      own.nearby = [phone]
    })
    const { code, events } = await json(['link', '--nearby', '--yes'])
    expect(code).toBe(0)
    expect(events()[0]).toEqual({ event: 'nearby', ...phone })
    expect(events().at(-1)).toEqual({ event: 'linked', device: PHONE, name: 'phone' })
  })

  test('CLI-71 of several none is guessed: exit 2, and who they are', async () => {
    const { json } = await createWorld((own) => {
      own.nearby = [phone, tablet]
    })
    const { code, events } = await json(['link', '--nearby', '--yes'])
    expect(code).toBe(2)
    expect(events().at(-1)).toMatchObject({
      code: 'ERR_AMBIGUOUS',
      message: expect.stringContaining(`tablet (${LAPTOP})`),
    })
  })

  test.each([['tablet'], [LAPTOP], [LAPTOP.slice(-8)]])(
    'CLI-71 --device %s names one of them',
    async (named) => {
      const { json } = await createWorld((own) => {
        own.nearby = [phone, tablet]
      })
      const { code, events } = await json(['link', '--nearby', '--yes', '--device', named])
      expect(code).toBe(0)
      expect(events().at(-1)).toMatchObject({ event: 'linked', device: LAPTOP })
    },
  )

  test('CLI-71 at a terminal the person says which', async () => {
    const { json } = await createWorld((own) => {
      own.nearby = [phone, tablet]
    })
    const seat = { tty: true, answers: ['tablet', 'y'] }
    const { code, events } = await json(['link', '--nearby'], seat)
    expect(code).toBe(0)
    expect(events().at(-1)).toMatchObject({ event: 'linked', device: LAPTOP })
  })
})

describe('CLI-72 which way to link', () => {
  test.each([[[]], [[CODE, '--show']], [['--show', '--nearby']], [[CODE, '--device', 'phone']]])(
    'CLI-72 %j is wrong usage',
    async (given) => {
      const { json } = await createWorld()
      expect((await json(['link', ...given])).code).toBe(2)
    },
  )

  test('CLI-73 devices approve lets a far device have the history', async () => {
    const { json, device: own } = await createWorld()
    const { code, events } = await json(['devices', 'approve', 'phone'])
    expect(code).toBe(0)
    expect(events()).toMatchObject([{ event: 'device', device: PHONE }])
    expect(own.approved).toEqual([PHONE])
  })

  test('CLI-16 a question that is withdrawn ends with the reason, unanswered', async () => {
    const { json } = await createWorld((own) => {
      own.whileAsked = () => own.withdraw?.()
    })
    const { code, events } = await json(['link', CODE], { tty: true, silent: true })
    expect(code).toBe(5)
    expect(events().at(-1)).toMatchObject({ code: 'ERR_LINK_DECLINED' })
  })
})

test.each([
  [undefined, false],
  [Date.UTC(2026, 10, 23), true],
] as const)('CLI-75 A6 up says that a device was linked: history at %j', async (historyAt, far) => {
  const { device: own, up } = await createWorld()
  const linked = device({ linkedBy: LAPTOP, ...(historyAt === undefined ? {} : { historyAt }) })
  own.events.dispatchEvent(new CustomEvent('device:linked', { detail: linked }))
  expect(up.events().at(-1)).toEqual({
    event: 'device-linked',
    device: PHONE,
    name: 'phone',
    kind: 'cli',
    linkedBy: LAPTOP,
    far,
  })
})
