import { randomBytes } from 'node:crypto'
import {
  type AccountId,
  accountIdOfGenesis,
  createGenesis,
  deriveAccountRoot,
  type Signer,
  signerFromSeed,
} from '@kithmesh/protocol'
import { createAccountData, createEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import type { NodeEvents } from '../api/events.ts'
import { commitStaged } from '../staged.ts'
import { type Contacts, createContacts } from './contacts.ts'

interface Desk {
  readonly contacts: Contacts
  readonly changed: AccountId[]
  replace(contact: AccountId, by: AccountId): void
  /** An account of its own with this device as its first, in the address book from `addedAt` on. */
  meet(device: Signer, addedAt: number): Promise<AccountId>
}

async function desk(): Promise<Desk> {
  const context = await openContext()
  const logs = await openDeviceLogs(context)
  const data = createAccountData()
  const events = createEvents<NodeEvents>()
  const changed: AccountId[] = []
  events.addEventListener('contact:changed', ({ detail }) => changed.push(detail.contact))
  const state = {
    data,
    edit: async (change: () => void): Promise<void> => data.batch(change),
  }
  const contacts = createContacts(context, { account: accountNamed('a'), state, logs, events })
  return {
    contacts,
    changed,
    replace: (contact, by) => void data.contacts.edit(by, { replaces: contact }),
    meet: async (device, addedAt) => {
      const root = deriveAccountRoot(randomBytes(16))
      const { signer, recoveryPublicKey: recoveryKey } = root
      const genesis = await createGenesis({ root: signer, recoveryKey, device, at: addedAt })
      const account = accountIdOfGenesis(genesis)
      const staged = logs.stage(account, [genesis])
      await commitStaged(context.store, staged ? [staged] : [])
      data.contacts.set(account, { name: 'Ben', addedAt })
      return account
    },
  }
}

const key = (): Signer => signerFromSeed(randomBytes(32))

test('ACC-14: a device that two contacts’ logs know is a suggestion, at the newer one, and nothing more', async () => {
  const { contacts, meet } = await desk()
  const phone = key()
  const old = await meet(phone, 1)
  const other = await meet(key(), 2)
  const anew = await meet(phone, 3)
  expect(contacts.require(anew)).toMatchObject({ maybeReplaces: old })
  expect(contacts.require(old).maybeReplaces).toBeUndefined()
  expect(contacts.require(other).maybeReplaces).toBeUndefined()
  // Nothing was applied: both are listed, neither is held.
  const listed = await contacts.list()
  expect(listed.map(({ contact }) => contact).sort()).toEqual([old, other, anew].sort())
  expect(listed.some(({ changed, held }) => changed || held)).toBe(false)
})

test('ACC-14: what a person has said is not suggested any more, and both accounts are told of', async () => {
  const { contacts, changed, meet, replace } = await desk()
  const phone = key()
  const [old, anew] = [await meet(phone, 1), await meet(phone, 2)]
  expect(contacts.require(anew).maybeReplaces).toBe(old)
  changed.length = 0
  replace(old, anew)
  const now = contacts.require(anew)
  expect([now.replaces, now.maybeReplaces, now.changed]).toEqual([old, undefined, true])
  expect(contacts.require(old)).toMatchObject({ replacedBy: anew })
  expect(changed.toSorted()).toEqual([old, anew].toSorted())
})
