import {
  type AccountId,
  type CopiedPerson,
  type CopiedPlace,
  deviceLogCodec,
  MAX_COPY_CONTENTS_BYTES,
  type RecoveryContents,
} from '@kithmesh/protocol'
import { type AccountData, createAccountData, type EpochRing, epochKeysCodec } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Addresses } from '../addresses.ts'
import type { DeviceContext } from '../context.ts'

/** What a copy is made from. */
export interface CopyParts {
  readonly account: AccountId
  readonly state: {
    readonly data: AccountData
    readonly log: { readonly epochs: Pick<EpochRing, 'list'> }
  }
  readonly logs: DeviceLogs
  readonly addresses: Pick<Addresses, 'own' | 'get'>
  readonly isContact: (account: AccountId) => boolean
}

/** What the fields around logs, places and data take; a place has at most 16 addresses of 512 bytes. */
const AROUND_BYTES = 4096
const AROUND_PLACE_BYTES = 64
/** Addresses of one device in a copy: hints, and the newest stand last. */
const COPIED_ADDRESSES = 4
const MAX_PEOPLE = 512
const MAX_PLACES = 1024

/**
 * What is worth most first (REC-11): epoch keys, account data, the own device log, then device logs of
 * contacts, those added last first, and where everybody is, for as long as there is room.
 */
export function copyContents(context: DeviceContext, parts: CopyParts): RecoveryContents {
  const { account, state, logs, isContact } = parts
  const room = createRoom(MAX_COPY_CONTENTS_BYTES - AROUND_BYTES)
  const epochs = room.take(epochKeysCodec.encode(state.log.epochs.list()))
  const data = room.take(state.data.encodeState(), () => smallData(state.data))
  const log = room.take(encodedLog(logs, account))
  const contacts = state.data.contacts
    .list()
    .filter(({ contact }) => isContact(contact))
    .toSorted((a, b) => b.addedAt - a.addedAt)
    .map(({ contact }) => contact)
  const people = contacts.slice(0, MAX_PEOPLE).flatMap((contact): readonly CopiedPerson[] => {
    const theirs = room.take(encodedLog(logs, contact))
    return theirs.length > 0 ? [{ account: contact, log: theirs }] : []
  })
  const known = [account, ...people.map((person) => person.account)]
  const places = placesOf(context, known, parts).filter((place) => room.hold(sizeOf(place)))
  return { log, epochs, data, people, places: places.slice(0, MAX_PLACES) }
}

interface Room {
  /** The bytes, or else the smaller ones, or none. */
  take(bytes: Uint8Array, smaller?: () => Uint8Array): Uint8Array
  hold(size: number): boolean
}

function createRoom(size: number): Room {
  let left = size
  const hold = (wanted: number): boolean => {
    if (wanted > left) return false
    left -= wanted
    return true
  }
  return {
    hold,
    take: (bytes, smaller = () => new Uint8Array()) => {
      if (hold(bytes.length)) return bytes
      const less = smaller()
      return hold(less.length) ? less : new Uint8Array()
    },
  }
}

/** People, names of devices and settings; without stars, invites and what Yjs keeps of the past. */
function smallData(data: AccountData): Uint8Array {
  const small = createAccountData()
  small.batch(() => {
    for (const { contact, hints: _, ...fields } of data.contacts.list())
      small.contacts.set(contact, fields)
    for (const { device, ...named } of data.devices.list()) small.devices.set(device, named)
    for (const [key, value] of data.settings.list()) small.settings.set(key, value)
  })
  return small.encodeState()
}

function encodedLog(logs: DeviceLogs, account: AccountId): Uint8Array {
  const entries = logs.get(account)?.entries
  return entries ? deviceLogCodec.encode(entries) : new Uint8Array()
}

function placesOf(
  context: DeviceContext,
  accounts: readonly AccountId[],
  { logs, addresses }: CopyParts,
): readonly CopiedPlace[] {
  return accounts
    .flatMap((account) => logs.devicesOf(account))
    .map((device) => {
      const all = device === context.device ? addresses.own() : addresses.get(device)
      return { device, addresses: all.slice(-COPIED_ADDRESSES) }
    })
    .filter((place) => place.addresses.length > 0)
}

function sizeOf({ addresses }: CopiedPlace): number {
  return addresses.reduce((sum, text) => sum + 3 * text.length, AROUND_PLACE_BYTES)
}
