/** The contacts of a fake device, and the code two people compare. */

import type { Contact, KithNode } from '@kithmesh/node'
import { CARA, type FakeDevice, kithError } from './fake-device.ts'

/** The contacts, as a command sees them. */
export function contactsOf(fake: FakeDevice): KithNode['contacts'] {
  return {
    list: async () => fake.contacts,
    invite: async () => ({ code: 'WEB+KITH:C/BBBB' }),
    add: async (_code, options) => {
      const added = { contact: CARA, name: options?.name ?? 'Cara', verified: false, devices: 1 }
      return options?.replaces ? { ...added, changed: true, held: true } : added
    },
    rename: async (contact, name) => ({ contact, name, verified: false, devices: 2 }),
    ...codesOf(fake),
  }
}

/** The code two people compare: digits that are easily told apart in a test. */
export const DIGITS: string = '0123456789'.repeat(6)

function codesOf(
  fake: FakeDevice,
): Pick<KithNode['contacts'], 'code' | 'verify' | 'unverify' | 'accept' | 'replace'> {
  const change = (id: Contact['contact'], by: Partial<Contact>): Contact => {
    const found = fake.contacts.find(({ contact }) => contact === id)
    if (found === undefined) throw kithError('ERR_NOT_FOUND', 'no such contact')
    const changed = { ...found, ...by }
    fake.contacts = fake.contacts.map((one) => (one.contact === id ? changed : one))
    return changed
  }
  const log = { head: new Uint8Array(32), size: 1 }
  return {
    code: async (contact) => ({
      digits: DIGITS,
      groups: DIGITS.match(/.{5}/g) ?? [],
      qr: 'WEB+KITH:V/CCCC',
      verified: change(contact, {}).verified,
      logs: { own: log, theirs: log },
    }),
    verify: async (contact, { scanned } = {}) => {
      const outcome = scanned === undefined ? ({ kind: 'verified' } as const) : fake.verification
      if (outcome.kind === 'verified') change(contact, { verified: true })
      return outcome
    },
    unverify: async (contact) => change(contact, { verified: false }),
    accept: async (contact) => change(contact, { changed: false, held: false }),
    replace: async (contact, by) => change(by, { replaces: contact, changed: true, held: true }),
  }
}
