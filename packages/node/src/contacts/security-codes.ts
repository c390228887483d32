import {
  type AccountId,
  accountFingerprint,
  compareSecurityQr,
  createSecurityQr,
  type DeviceLogState,
  digitGroups,
  equalSecrets,
  KithError,
  type SecurityComparison,
  type SecuritySide,
  type SecurityView,
  securityDigits,
} from '@kithmesh/protocol'
import type { ContactEdit } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Contact, SecurityCode, Verification } from '../api/contacts.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import { pause } from '../scheduler.ts'
import type { Contacts } from './contacts.ts'
import { startLogComparison } from './log-comparison.ts'

/** Comparing security codes, and what a person says of a contact's account (ACC-11 to ACC-14). */
export interface SecurityCodes {
  code(contact: AccountId, options?: CallOptions): Promise<SecurityCode>
  verify(
    contact: AccountId,
    options?: CallOptions & { readonly scanned?: string },
  ): Promise<Verification>
  unverify(contact: AccountId, options?: CallOptions): Promise<Contact>
  accept(contact: AccountId, options?: CallOptions): Promise<Contact>
  replace(contact: AccountId, by: AccountId, options?: CallOptions): Promise<Contact>
}

/** Contacts a foreign code is compared with, to say whose it is: each may take 20 ms. */
const MAX_ASKED = 64

/** Security codes of one account with each of its contacts. */
export function createSecurityCodes(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly logs: DeviceLogs
    readonly contacts: Contacts
    readonly peers: Peers
  },
): SecurityCodes {
  const { clock, scheduler } = context
  const { account, state, logs, contacts } = parts
  const comparison = startLogComparison(context, parts)
  /** Each took some 20 ms, and an account's never changes: its id is a hash over its root key. */
  const fingerprints = new Map<AccountId, Uint8Array>()

  async function code(contact: AccountId, { signal }: CallOptions = {}): Promise<SecurityCode> {
    signal?.throwIfAborted()
    const { verified } = contacts.require(contact)
    const view = viewOf(contact)
    const digits = securityDigits(view.own.fingerprint, view.theirs.fingerprint)
    return {
      digits,
      groups: digitGroups(digits),
      qr: createSecurityQr(view),
      verified,
      logs: { own: view.own.log, theirs: view.theirs.log },
    }
  }

  async function verify(
    contact: AccountId,
    { scanned, signal }: CallOptions & { readonly scanned?: string } = {},
  ): Promise<Verification> {
    signal?.throwIfAborted()
    contacts.require(contact)
    const verified = verifiedNow(contact)
    if (scanned === undefined) {
      await edit(contact, verified)
      return { kind: 'verified' }
    }
    const compared = compareSecurityQr(viewOf(contact), scanned)
    switch (compared.kind) {
      case 'same':
        comparison.forget(contact)
        await edit(contact, { ...verified, logAlertAt: undefined })
        return { kind: 'verified' }
      case 'logs-differ':
        await edit(contact, verified)
        comparison.watch(contact, scanned)
        return compared
      case 'different':
      case 'another-person':
        return foreign(contact, compared, signal)
      case 'own-code':
      case 'unreadable':
        return compared
    }
  }

  /** Comparing an account made anew is accepting it, also if it is taken back later. */
  function verifiedNow(contact: AccountId): ContactEdit {
    const now = clock.now()
    const isNew = contacts.succession.isChanged(contact)
    return { verifiedAt: now, ...(isNew ? { acceptedAt: now } : {}) }
  }

  /** Of whom a code is that is not this contact's, when it is somebody we know. */
  async function foreign(
    contact: AccountId,
    { kind, shownBy }: Extract<SecurityComparison, { readonly shownBy: Uint8Array }>,
    signal: AbortSignal | undefined,
  ): Promise<Verification> {
    const others = state.data.contacts.list().filter((entry) => entry.contact !== contact)
    for (const { contact: other } of others.slice(-MAX_ASKED)) {
      const log = logs.get(other)
      if (log && equalSecrets(fingerprintOf(log), shownBy)) {
        return { kind: 'another-person', contact: other }
      }
      await pause(scheduler, 0, { signal: signal ?? context.signal })
    }
    return { kind }
  }

  function viewOf(contact: AccountId): SecurityView {
    return { own: sideOf(account), theirs: sideOf(contact) }
  }

  function sideOf(of: AccountId): SecuritySide {
    const log = logs.get(of)
    if (log) {
      return {
        fingerprint: fingerprintOf(log),
        log: { head: log.head, size: log.entries.length },
      }
    }
    throw new KithError('ERR_NOT_FOUND', 'the device log of this contact is not here yet', {
      hint: 'It comes as soon as one of your other devices, or one of theirs, can be reached.',
    })
  }

  function fingerprintOf(log: DeviceLogState): Uint8Array {
    const known = fingerprints.get(log.account) ?? accountFingerprint(log.account, log.root)
    fingerprints.set(log.account, known)
    return known
  }

  async function unverify(contact: AccountId, options?: CallOptions): Promise<Contact> {
    return said(contact, { verifiedAt: undefined }, options)
  }

  async function accept(contact: AccountId, options?: CallOptions): Promise<Contact> {
    contacts.require(contact)
    // Whoever says the old account means the person: it is the new one that is accepted.
    const current = contacts.succession.currentOf(contact)
    return said(current, { acceptedAt: clock.now() }, options)
  }

  async function replace(
    contact: AccountId,
    by: AccountId,
    options?: CallOptions,
  ): Promise<Contact> {
    contacts.require(contact)
    if (contact === by) throw new KithError('ERR_NOT_FOUND', 'a contact does not replace itself')
    return said(by, { replaces: contact }, options)
  }

  async function said(
    contact: AccountId,
    change: ContactEdit,
    { signal }: CallOptions = {},
  ): Promise<Contact> {
    signal?.throwIfAborted()
    contacts.require(contact)
    await edit(contact, change)
    return contacts.require(contact)
  }

  async function edit(contact: AccountId, change: ContactEdit): Promise<void> {
    await state.edit(() => state.data.contacts.edit(contact, change))
  }

  return { code, verify, unverify, accept, replace }
}
