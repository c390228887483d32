import { describe, expect, test } from 'vitest'
import { BEN, device, kithError } from '../test/fake-device.ts'
import { createWorld } from '../test/world.ts'

describe('what people see', () => {
  test('status is a table', async () => {
    const { human } = await createWorld((own) => {
      own.devices.push(
        device({
          name: '老电脑',
          path: 'away',
          reason: 'not seen',
          lastSeen: Date.UTC(2026, 10, 19),
          pending: 14,
        }),
      )
    })
    const { out } = await human(['status'])
    expect(out()).toBe(
      [
        'laptop · 3 devices · 15 pending',
        '  DEVICE  STATE        PATH       LAST SEEN  PENDING',
        '* laptop  this device',
        '  phone   online       via relay  now        0',
        '  老电脑  offline      —          3 d ago    14',
        '  from outside: yes. Through the relay at 192.0.2.1',
        '  relay reserved  /ip4/192.0.2.1/tcp/4001',
        '! phone: its network blocks UDP',
        '! 老电脑: not seen',
        '',
      ].join('\n'),
    )
  })

  test('status does not wait for a device that is suspended', async () => {
    const { human } = await createWorld((own) => {
      const out = { name: 'lost', state: 'suspended', path: 'away', reason: 'not seen' } as const
      own.devices.push(device({ ...out, pending: 14 }))
    })
    const { out } = await human(['status'])
    expect(out()).toContain('laptop · 3 devices · 1 pending')
    expect(out()).toMatch(/^ {2}lost +suspended/m)
    expect(out()).not.toContain('lost: not seen')
  })

  test('CLI-6 no colour in a pipe and with NO_COLOR, some on a terminal', async () => {
    const { human } = await createWorld()
    expect((await human(['devices'])).out()).not.toContain('\u001b')
    const quiet = await human(['devices'], { tty: true, env: { NO_COLOR: '1' } })
    expect(quiet.out()).not.toContain('\u001b')
    expect((await human(['devices'], { tty: true })).out()).toContain('\u001b[1m')
  })

  test('CLI-7 nothing a contact writes moves the terminal', async () => {
    const attack = 'x\u001b]0;title\u0007\u001b[2J\u009b31m\u202eevil\r\nme: I agree'
    const {
      human,
      json,
      device: own,
    } = await createWorld((fake) => {
      fake.contacts = [{ contact: BEN, name: 'Ben\u001b[1A\n', verified: false, devices: 1 }]
      fake.devices.push(device({ name: attack, path: 'away', reason: attack }))
    })
    own.receive(attack, 'attack')
    for (const argv of [['status'], ['devices'], ['contacts'], ['messages', BEN]]) {
      const { out, err } = await human(argv, { env: { NO_COLOR: '1' } })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(out() + err(), argv[0]).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      expect(out(), argv[0]).not.toMatch(/^me: I agree/m)
      const raw = await json(argv)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(raw.out(), argv[0]).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    }
    // In JSON the value itself is whole.
    expect((await json(['messages', BEN])).events().at(-1)).toMatchObject({ text: attack })
  })

  test('CLI-4 on a terminal an error fits its width', async () => {
    const { human } = await createWorld((own) => {
      const hint = 'Somebody may sit between the two devices. Try again in another network, later.'
      own.standingFailure = kithError('ERR_DEVICE_RIGHT', 'this device may not do that', hint)
    })
    const seat = { tty: true, env: { NO_COLOR: '1' } }
    const { err } = await human(['devices', 'suspend', 'phone'], seat)
    expect(err()).toBe(
      [
        'kith: This device may not do that. (ERR_DEVICE_RIGHT)',
        '      Somebody may sit between the two devices. Try again in another network,',
        '      later.',
        '',
      ].join('\n'),
    )
  })

  test('CLI-4 an error is a sentence and the next command', async () => {
    const { human } = await createWorld()
    const { code, out, err } = await human(['send', 'Bne', 'hi'])
    expect(code).toBe(1)
    expect(out()).toBe('')
    expect(err()).toBe(
      'kith: There is no contact "Bne". (ERR_NOT_FOUND)\n      Did you mean "Ben"?\n',
    )
  })
})
