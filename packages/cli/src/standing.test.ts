import { describe, expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { device, kithError, LAPTOP, NOW, PHONE } from '../test/fake-device.ts'
import { fakeLibrary } from '../test/fake-node.ts'
import { start, temporaryFolder } from '../test/terminal.ts'
import { createWorld } from '../test/world.ts'

const DAY_MS = 86_400_000
const LEAVER = { device: PHONE, name: 'gone', state: 'suspended' } as const

describe('CLI-60 kith devices unlink, suspend, readmit, leave', () => {
  test('CLI-60 unlinking is asked for at a terminal, and needs --yes without one', async () => {
    const { json, human, device: own } = await createWorld()
    const refused = await json(['devices', 'unlink', 'phone'])
    expect(refused.code).toBe(2)
    expect(refused.events()).toMatchObject([{ code: 'ERR_CONFIRMATION_NEEDED' }])
    const declined = await human(['devices', 'unlink', 'phone'], { tty: true, answers: ['n'] })
    expect(declined.code).toBe(2)
    expect(declined.err()).toContain('answer y')
    expect(own.devices).toHaveLength(2)
    const asked = await human(['devices', 'unlink', 'phone'], { tty: true, answers: ['y'] })
    expect(asked.code).toBe(0)
    expect(asked.err()).toContain('every device it linked')
    expect(own.devices.map(({ name }) => name)).toEqual(['laptop'])
  })

  test('CLI-60 each is one event that says how the device stands', async () => {
    const { json } = await createWorld()
    const commands = [
      ['suspend phone', PHONE, 'suspended'],
      ['readmit phone', PHONE, 'active'],
      ['unlink phone --yes', PHONE, 'unlinked'],
      ['leave --yes', LAPTOP, 'suspended'],
    ] as const
    for (const [command, id, state] of commands) {
      const { code, events } = await json(['devices', ...command.split(' ')])
      expect([command, code]).toEqual([command, 0])
      expect(events()).toMatchObject([{ event: 'device', device: id, state }])
    }
  })

  test('CLI-5 CLI-60 a name goes to the device that is linked, not to one that had it before', async () => {
    const { json, device: own } = await createWorld()
    own.devices = [
      device({ device: LAPTOP, name: 'phone', state: 'unlinked' }),
      device({ device: PHONE, name: 'phone' }),
    ]
    const { events } = await json(['devices', 'suspend', 'phone'])
    expect(events()).toMatchObject([{ device: PHONE, state: 'suspended' }])
  })

  test('CLI-60 what a device may not do is exit 5, with what to do instead', async () => {
    const { json, device: own } = await createWorld()
    const hint = 'These may: "phone".'
    own.standingFailure = kithError('ERR_DEVICE_RIGHT', 'this device may not', hint)
    const { code, events } = await json(['devices', 'suspend', 'phone'])
    expect(code).toBe(5)
    expect(events()).toMatchObject([{ event: 'error', code: 'ERR_DEVICE_RIGHT', hint }])
  })
})

describe('CLI-61 what a person sees of who is in', () => {
  test('CLI-61 devices say who linked them, why they are out and when they will be, in 80 columns', async () => {
    const { human, device: own } = await createWorld()
    const others = [
      { name: 'a desk with a long name indeed', idleIn: 3, lastSeen: NOW - 27 * DAY_MS },
      {
        name: 'tablet',
        state: 'suspended',
        suspended: { reason: 'idle', by: PHONE, at: NOW },
      },
      { name: 'session', expiresAt: NOW + DAY_MS },
      { name: 'half', unfinished: true },
      { ...LEAVER, suspended: { reason: 'left', by: LEAVER.device, at: NOW } },
    ] as const
    own.devices = [
      ...own.devices,
      ...others.map((one) => device({ device: LAPTOP, linkedBy: PHONE, ...one })),
    ]
    const { out, code } = await human(['devices'])
    expect(code).toBe(0)
    for (const line of out().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(out()).toContain('LINKED BY')
    expect(out()).toMatch(/suspended as idle in 3 days unless it is met/)
    expect(out()).toMatch(/tablet: suspended, not met for 30 days, said phone/)
    expect(out()).toMatch(/^! gone: has left$/m)
    expect(out()).toMatch(/session: ends 2026-11-2/)
    expect(out()).toMatch(/^! half: its linking broke off, link it again or unlink it$/m)
  })

  test('CLI-61 status of a device that is out is one sentence, and what to do', async () => {
    const { human, json, device: own } = await createWorld()
    own.left = { reason: 'suspended', hint: 'Readmit it on a device above it.' }
    const { out, code } = await human(['status'])
    expect(code).toBe(0)
    expect(out().trimEnd().split('\n')).toEqual([
      '"laptop" is suspended from its account.',
      '  Readmit it on a device above it.',
      '  There  kith devices readmit laptop',
    ])
    expect((await json(['status'])).events()).toMatchObject([
      { left: { reason: 'suspended' }, recovery: 'absent' },
    ])
    own.left = { reason: 'unlinked', hint: 'Begin anew.' }
    expect((await human(['status'])).out()).toContain('kith up --new-device --home')
  })
})

test('CLI-61 up says that the device is out instead of ready, and when it goes out or is back', async () => {
  const home = await temporaryFolder()
  const library = fakeLibrary((fake) => {
    fake.left = { reason: 'suspended', hint: 'Readmit it on a device above it.' }
  })
  const up = start(['up', '--home', home, '--json'], { library })
  await eventually(() => up.out()).toContain('account-left')
  const own = library.devices[0]
  expect(up.events()).toMatchObject([{ event: 'account-left', reason: 'suspended' }])
  if (own) own.left = undefined
  const detail = { account: own?.account, device: LAPTOP }
  own?.events.dispatchEvent(new CustomEvent('account:ready', { detail }))
  await eventually(() => up.events()).toMatchObject([{ event: 'account-left' }, { event: 'ready' }])
  if (own) own.left = { reason: 'unlinked', hint: 'Begin anew.' }
  own?.events.dispatchEvent(new CustomEvent('account:left', { detail: { reason: 'unlinked' } }))
  await eventually(() => up.events().at(-1)).toMatchObject({ reason: 'unlinked' })
  up.signal('SIGTERM')
  expect(await up.ended).toBe(0)
})

test('CLI-61 up says that another device went out; of itself it says why', async () => {
  const home = await temporaryFolder()
  const library = fakeLibrary()
  const up = start(['up', '--home', home], { library })
  await eventually(up.out).toContain('is up')
  const own = library.devices[0]
  for (const name of ['laptop', 'phone']) {
    const detail = device({ name, device: name === 'laptop' ? LAPTOP : PHONE })
    own?.events.dispatchEvent(new CustomEvent('device:removed', { detail }))
  }
  expect(up.out()).toContain('"phone" is out of the account.')
  expect(up.out()).not.toContain('"laptop" is out of the account.')
  up.signal('SIGTERM')
  expect(await up.ended).toBe(0)
})

test('CLI-62 alerts name the device and carry the proof', async () => {
  const { human, json, device: own } = await createWorld()
  expect((await human(['devices', 'alerts'])).out()).toContain('No device was seen')
  const account = own.account ?? expect.fail('no account')
  const proof = new Uint8Array([1, 2, 3])
  own.alerts = [{ account, device: PHONE, own: true, kind: 'log', at: NOW, proof }]
  expect((await json(['devices', 'alerts'])).events()).toEqual([
    {
      event: 'alert',
      account,
      device: PHONE,
      name: 'phone',
      own: true,
      kind: 'log',
      at: new Date(NOW).toISOString(),
      proof: 'AQID',
    },
  ])
  expect((await human(['devices', 'alerts'])).out()).toContain('your device "phone"')
})
