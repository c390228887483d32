import type { Contact, KithNode, Verification } from '@kithmesh/node'

type Codes = Pick<KithNode['contacts'], 'code' | 'verify' | 'unverify' | 'accept' | 'replace'>

/** Digits that are easily told apart in a picture, and a code as long as a real one. */
const GROUPS = Array.from({ length: 12 }, (_, at) => String((at + 1) * 8117).padStart(5, '0'))
const QR = `WEB+KITH:V/${'BNKXOQ3DEFGA7RTS'.repeat(11)}ABCDE`

/** What the fake keeps of security codes and of accounts made anew. */
export function codesOf(fake: {
  readonly requireContact: (id: Contact['contact']) => Contact
  readonly putContact: (contact: Contact) => Contact
  readonly orFail: (call: 'contacts.code') => void
  readonly verification: () => Verification
}): Codes {
  const change = (id: Contact['contact'], by: Partial<Contact>): Contact =>
    fake.putContact({ ...fake.requireContact(id), ...by })
  const log = { head: new Uint8Array(32), size: 1 }
  return {
    code: async (contact) => {
      fake.orFail('contacts.code')
      const { verified } = fake.requireContact(contact)
      const logs = { own: log, theirs: log }
      return { digits: GROUPS.join(''), groups: GROUPS, qr: QR, verified, logs }
    },
    verify: async (contact, { scanned } = {}) => {
      const outcome = scanned === undefined ? ({ kind: 'verified' } as const) : fake.verification()
      const isVerified = outcome.kind === 'verified' || outcome.kind === 'logs-differ'
      if (isVerified) change(contact, { verified: true, changed: false, held: false })
      return outcome
    },
    unverify: async (contact) => change(contact, { verified: false }),
    accept: async (contact) => change(contact, { changed: false, held: false }),
    replace: async (contact, by) => change(by, { replaces: contact, changed: true }),
  }
}
