/** log.json: entries of a device log, and what a set of them comes to (LOG-1 … LOG-14). */

import {
  devicesIn,
  domainBytes,
  type EntryBody,
  entryBodyCodec,
  entryIdOfBody,
  type KeptDevice,
  type Purpose,
  parseAccountId,
  parseDeviceId,
  parseEntryId,
  reduceDeviceLog,
  type SuspendBody,
  signedEntryCodec,
  signerFromSeed,
} from '../../../src/index.ts'
import {
  bytesIn,
  fromHex,
  type JsonObject,
  numberIn,
  objectFrom,
  objectsIn,
  textIn,
  textsIn,
  toHex,
} from '../json.ts'
import type { Operations } from '../operation.ts'

/** Entries both ways, and the reducer. */
export const logOperations: Operations = {
  'write-entry': async (input) => {
    const entry = bodyIn(input)
    const body = entryBodyCodec.encode(entry)
    const signed = async (seed: string, purpose: Purpose) =>
      signerFromSeed(bytesIn(input, seed)).sign(domainBytes(purpose, body))
    const signature = await signed('signerSeed', PURPOSES[entry.kind])
    const taken = input['deviceSeed'] !== undefined
    const both = taken
      ? { signature, countersignature: await signed('deviceSeed', 'device log countersignature') }
      : { signature }
    return objectFrom({
      body,
      entry: entryIdOfBody(body),
      ...both,
      encoded: signedEntryCodec.encode({ body, ...both }),
    })
  },
  'read-entry': (input) => {
    const { body, ...signatures } = signedEntryCodec.decode(bytesIn(input, 'encoded'))
    return objectFrom({ ...entryBodyCodec.decode(body), ...signatures })
  },
  'reduce-log': (input) => {
    const entries = textsIn(input, 'entries').map((hex) => signedEntryCodec.decode(fromHex(hex)))
    const state = reduceDeviceLog(parseAccountId(textIn(input, 'account')), entries)
    return {
      head: toHex(state.head),
      recoveries: state.recoveries,
      in: devicesIn(state, { now: numberIn(input, 'now') }).map(({ device }) => device),
      devices: [...state.devices.values()].map((standing) => ({
        device: standing.device,
        place: standing.addedBy,
        state: standing.state,
        depth: standing.depth,
        nextAfter: standing.lastEntry,
      })),
      waiting: state.waiting.length,
      refused: state.refused
        .map(({ id, reason }) => ({ entry: id, code: reason }))
        .sort((a, b) => (a.entry < b.entry ? -1 : 1)),
    }
  },
}

const PURPOSES: Readonly<Record<EntryBody['kind'], Purpose>> = {
  genesis: 'device log root',
  recover: 'device log recovery',
  add: 'device log entry',
  revoke: 'device log entry',
  suspend: 'device log entry',
  leave: 'device log entry',
  readmit: 'device log entry',
}

function bodyIn(input: JsonObject): EntryBody {
  const at = numberIn(input, 'at')
  switch (textIn(input, 'kind')) {
    case 'genesis': {
      const [root, recoveryKey] = [bytesIn(input, 'root'), bytesIn(input, 'recoveryKey')]
      return { kind: 'genesis', root, recoveryKey, device: deviceIn(input), at }
    }
    case 'recover': {
      const { account, prev } = placeIn(input)
      const [number, keep] = [numberIn(input, 'number'), objectsIn(input, 'keep').map(keptIn)]
      return { kind: 'recover', account, prev, number, device: deviceIn(input), keep, at }
    }
    case 'add': {
      const added = { device: deviceIn(input), rights: rightsIn(input) }
      const expiry =
        input['expiresAt'] === undefined ? {} : { expiresAt: numberIn(input, 'expiresAt') }
      const historyAt = numberIn(input, 'historyAt')
      return { kind: 'add', ...chainIn(input), ...added, historyAt, ...expiry, at }
    }
    case 'revoke':
      return { kind: 'revoke', ...chainIn(input), target: targetIn(input), at }
    case 'suspend': {
      const reason: SuspendBody['reason'] = textIn(input, 'reason') === 'idle' ? 'idle' : 'lost'
      return { kind: 'suspend', ...chainIn(input), target: targetIn(input), reason, at }
    }
    case 'leave':
      return { kind: 'leave', ...chainIn(input), at }
    case 'readmit': {
      const answers = textsIn(input, 'answers').map(parseEntryId)
      return { kind: 'readmit', ...chainIn(input), target: targetIn(input), answers, at }
    }
    default:
      throw new Error('kind: a kind of entry expected')
  }
}

function placeIn(input: JsonObject) {
  return {
    account: parseAccountId(textIn(input, 'account')),
    prev: parseEntryId(textIn(input, 'prev')),
  }
}

function chainIn(input: JsonObject) {
  return { ...placeIn(input), author: parseDeviceId(textIn(input, 'author')) }
}

function deviceIn(input: JsonObject) {
  return parseDeviceId(textIn(input, 'device'))
}

function targetIn(input: JsonObject) {
  return parseEntryId(textIn(input, 'target'))
}

function keptIn(input: JsonObject): KeptDevice {
  return { device: deviceIn(input), rights: rightsIn(input) }
}

/** `link`: whether it may take in others. */
function rightsIn(input: JsonObject) {
  return { link: input['link'] === true }
}
