import type { Verification } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { DIGITS } from '../test/fake-contacts.ts'
import { BEN, CARA, kithError } from '../test/fake-device.ts'
import { createWorld } from '../test/world.ts'

describe('CLI-30 code', () => {
  test('CLI-30: the JSON holds the 60 digits, and the code to scan', async () => {
    const { json } = await createWorld()
    const { code, events } = await json(['code', 'Cara'])
    expect(code).toBe(0)
    expect(events()).toEqual([
      {
        event: 'security-code',
        contact: CARA,
        digits: DIGITS,
        verified: true,
        qr: 'WEB+KITH:V/CCCC',
      },
    ])
  })

  test('CLI-30: people get twelve groups of five, in three lines of four', async () => {
    const { human } = await createWorld()
    const { code, out, err } = await human(['code', 'Ben'])
    expect(code).toBe(0)
    const line = '01234 56789 01234 56789'
    expect(out()).toBe(`${line}\n${line}\n${line}\n`)
    expect(err()).toContain('kith contacts verify')
  })

  test('CLI-30 CLI-19: --qr adds the code to scan, as QR and as text', async () => {
    const { human } = await createWorld()
    const plain = await human(['code', 'Ben'])
    const { out } = await human(['code', 'Ben', '--qr'])
    expect(out()).toContain('WEB+KITH:V/CCCC')
    expect(out()).toContain('█')
    expect(plain.out()).not.toContain('WEB+KITH')
  })
})

describe('CLI-31 contacts verify', () => {
  test('CLI-31: marks the contact, by hand or by the scanned code, and unverify takes it back', async () => {
    for (const how of [[], ['--scanned', 'WEB+KITH:V/DDDD']]) {
      const { json } = await createWorld()
      const verified = await json(['contacts', 'verify', 'Ben', ...how])
      expect(verified.code).toBe(0)
      expect(verified.events()).toEqual([
        { event: 'verification', contact: BEN, name: 'Ben', outcome: 'verified' },
      ])
      expect((await json(['contacts'])).events()).toMatchObject([{ verified: true }, {}])
      await json(['contacts', 'unverify', 'Ben'])
      expect((await json(['contacts'])).events()).toMatchObject([{ verified: false }, {}])
    }
  })

  test('CLI-31: the scanned code can come from stdin', async () => {
    const { json } = await createWorld()
    const stdin = 'WEB+KITH:V/DDDD\n'
    const { code } = await json(['contacts', 'verify', 'Ben', '--scanned', '-'], { stdin })
    expect(code).toBe(0)
  })

  test.each<readonly [Verification, RegExp]>([
    [{ kind: 'different' }, /screen of Ben is another one/],
    [{ kind: 'another-person' }, /other people/],
    [{ kind: 'another-person', contact: CARA }, /code of Cara/],
    [{ kind: 'own-code' }, /your own devices/],
    [{ kind: 'unreadable', code: 'ERR_CODE_MALFORMED' }, /no whole security code/],
  ])('CLI-31: %j is refused, exit 5, and nothing is marked', async (verification, words) => {
    const { json } = await createWorld((fake) => {
      fake.verification = verification
    })
    const { code, events } = await json(['contacts', 'verify', 'Ben', '--scanned', 'X'])
    expect(code).toBe(5)
    expect(events()).toMatchObject([
      { event: 'error', code: 'ERR_NOT_VERIFIED', message: expect.stringMatching(words) },
    ])
    expect((await json(['contacts'])).events()).toMatchObject([{ verified: false }, {}])
  })

  test('CLI-31: logs that differ are said, and the contact is verified', async () => {
    const { human } = await createWorld((fake) => {
      fake.verification = { kind: 'logs-differ', own: 'same', theirs: 'older-here' }
    })
    const { code, out } = await human(['contacts', 'verify', 'Ben', '--scanned', 'X'])
    expect(code).toBe(0)
    expect(out()).toMatch(/is verified.*\n.*compare once more/)
  })
})

describe('CLI-32 a contact with a new account', () => {
  test('CLI-32: is shown so, refuses messages with exit 5, and is accepted', async () => {
    const { json, human, device } = await createWorld((fake) => {
      fake.contacts = [
        { contact: BEN, name: 'Ben', verified: false, devices: 1, changed: true, held: true },
      ]
      fake.sendFailure = kithError('ERR_CONTACT_CHANGED', 'the security code of Ben has changed')
    })
    expect((await human(['contacts'])).out()).toContain('new account')
    const refused = await json(['send', 'Ben', 'hi'])
    expect(refused.code).toBe(5)
    expect(refused.events()).toMatchObject([
      { code: 'ERR_CONTACT_CHANGED', hint: expect.stringContaining('kith contacts accept') },
    ])
    expect((await json(['contacts', 'accept', 'Ben'])).events()).toMatchObject([
      { event: 'contact', contact: BEN, changed: false, held: false },
    ])
    expect(device.contacts[0]?.held).toBe(false)
  })

  test('CLI-32: add and invite can say whose new account it is; replace says it later', async () => {
    const { json } = await createWorld()
    const added = await json(['contacts', 'add', 'WEB+KITH:C/BBBB', '--replaces', 'Ben'])
    expect(added.events()).toMatchObject([{ event: 'contact', contact: CARA, held: true }])
    expect((await json(['contacts', 'invite', '--replaces', 'Ben'])).code).toBe(0)
    expect((await json(['contacts', 'invite', '--replaces', 'Nobody'])).code).toBe(1)
    const replaced = await json(['contacts', 'replace', 'Ben', 'Cara'])
    expect(replaced.events()).toMatchObject([{ contact: CARA, changed: true, held: true }])
  })
})
