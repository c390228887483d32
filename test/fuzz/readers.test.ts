/** What reads bytes or text without a codec, or proves what a codec has read: hostile input for all of it (C1, C3). */

import {
  createGenesis,
  createRecoveryCopy,
  deriveAccountRoot,
  deviceCardCodec,
  isKithError,
  openLockbox,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseEntryId,
  parseInviteCode,
  parseJoinCode,
  parseLinkCode,
  parseMessageId,
  parseSecurityQr,
  readForkProof,
  readRecoveryCopy,
  sealLockbox,
  verifyDeviceLogFile,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { idPart, textPart, tupleKey, uintPart } from '../../packages/node/src/store/key-codec.ts'
import { forkProofCodec } from '../../packages/protocol/src/identity/fork-proof.ts'
import { accountIdOfGenesis } from '../../packages/protocol/src/identity/log-entry.ts'
import { deviceLogFileCodec } from '../../packages/protocol/src/identity/log-file.ts'
import { codeBodyToText } from '../../packages/protocol/src/link/code-text.ts'
import { readFrame, writeFrame } from '../../packages/protocol/src/link/frame.ts'
import { proveDeviceCard } from '../../packages/protocol/src/session/device-card.ts'
import { createCast, START } from '../../packages/protocol/test/session-cast.ts'
import { checkUpdate } from '../../packages/sync/src/data/update-check.ts'
import { textItem, wireUpdate } from '../../packages/sync/src/testing/yjs-update.ts'
import { base64, INPUTS, randomFor, timed } from './fuzz.ts'
import { mutate, mutateBlindly, type Random, sampleOf } from './mutate.ts'
import { account, chat, device, entry, filled, message } from './samples/parts.ts'

/** One reader, and what it likes to read. Of a KithError it throws the code must be one of `refusals`. */
interface Reader {
  readonly input: (random: Random) => Uint8Array
  readonly read: (bytes: Uint8Array) => unknown
  readonly refusals: RegExp
}

const cast = await createCast()
const { rng } = cast.environment
const root = deriveAccountRoot(filled(16, 1))
const ada = cast.ada.signer

/** Mutations of an encoding of ours. */
function ofCbor(bytes: Uint8Array): (random: Random) => Uint8Array {
  const sample = sampleOf(bytes)
  return (random) => mutate(random, { sample, other: sample, maxBytes: bytes.length + 4096 })
}

/** One to three changes to bytes of any other kind. */
function ofBytes(bytes: Uint8Array): (random: Random) => Uint8Array {
  return (random) => {
    let changed = mutateBlindly(random, bytes)
    for (let more = random(3); more > 0 && changed.length > 0; more--) {
      changed = mutateBlindly(random, changed)
    }
    return changed
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A code as text; and one whose body is changed before its checksum is made, or no slip would get past that. */
function ofCode(
  kind: Parameters<typeof codeBodyToText>[0],
  parse: (text: string) => unknown,
  head: number,
): readonly [Reader, Reader] {
  const body = Uint8Array.from([...filled(head + 16, 5), 3, 1, 2, 3])
  const read = (bytes: Uint8Array): unknown => parse(textOf(bytes))
  const refusals = /^ERR_(CODE_|ID_MALFORMED|KEY_REFUSED)/
  return [
    { input: ofBytes(bytesOf(codeBodyToText(kind, body))), read, refusals },
    {
      input: (random) => bytesOf(codeBodyToText(kind, ofBytes(body)(random).slice(0, 1000))),
      read,
      refusals,
    },
  ]
}

async function createReaders(): Promise<Readonly<Record<string, Reader>>> {
  const genesis = await createGenesis({
    root: root.signer,
    recoveryKey: root.recoveryPublicKey,
    device: ada,
    at: 1,
  })
  const own = accountIdOfGenesis(genesis)
  const log = deviceLogFileCodec.encode({ account: own, head: filled(32, 2), entries: [genesis] })
  const copy = await createRecoveryCopy(
    {
      account: own,
      contents: { log, epochs: filled(4, 3), data: filled(4, 4), people: [], places: [] },
      recoveryKey: root.recoveryPublicKey,
      signer: ada,
      number: 1,
      madeAt: START,
    },
    rng,
  )
  const proof = forkProofCodec.encode({
    account,
    device,
    prev: entry,
    one: genesis,
    other: genesis,
  })
  const box = { info: filled(4, 6), aad: filled(4, 7) }
  const lockbox = sealLockbox({ to: root.recoveryPublicKey, ...box, plaintext: filled(9, 8) }, rng)
  const key = tupleKey(idPart(parseChatId), uintPart(), textPart())
  const update = wireUpdate([
    {
      client: 5,
      clock: 0,
      structs: [textItem('settings', 'a/value', 'b')],
    },
  ])
  const [link, slippedLink] = ofCode('link', parseLinkCode, 32)
  const [join, slippedJoin] = ofCode('join', parseJoinCode, 32)
  const [invite, slippedInvite] = ofCode('invite', parseInviteCode, 64)
  const [verify, slippedVerify] = ofCode('verify', parseSecurityQr, 92)
  const ids = { account, chat, device, entry, message }
  const parsers = {
    account: parseAccountId,
    chat: parseChatId,
    device: parseDeviceId,
    entry: parseEntryId,
    message: parseMessageId,
  }
  return {
    'a card and its proof': {
      input: ofCbor(deviceCardCodec.encode(cast.ada.card)),
      read: (bytes) => proveDeviceCard(deviceCardCodec.decode(bytes), { now: START }),
      refusals: /^ERR_(MALFORMED|SUITE_UNKNOWN|CARD_SIGNATURE|CARD_EXPIRED)$/,
    },
    'a recovery copy and its proof': {
      input: ofCbor(copy),
      read: readRecoveryCopy,
      refusals: /^ERR_(MALFORMED|SUITE_UNKNOWN|SIGNATURE)$/,
    },
    'an exported device log': { input: ofCbor(log), read: verifyDeviceLogFile, refusals: /^$/ },
    'a fork proof': { input: ofCbor(proof), read: readForkProof, refusals: /^$/ },
    'a lockbox': {
      input: ofCbor(lockbox),
      read: (bytes) => openLockbox({ secret: root.recoverySecretKey, ...box, lockbox: bytes }),
      refusals: /^ERR_SUITE_UNKNOWN$/,
    },
    'a frame of linking': {
      input: ofCbor(writeFrame({ kind: 'sealed', nonce: filled(24, 9), sealed: filled(40, 10) })),
      read: readFrame,
      refusals: /^$/,
    },
    'a key of the store': {
      input: ofBytes(
        Uint8Array.from(key.encode([chat, 7, 'words']).flatMap(({ bytes }) => [...bytes])),
      ),
      read: key.decode,
      refusals: /^ERR_(MALFORMED|ID_MALFORMED)$/,
    },
    'an update of account data': {
      input: ofBytes(update),
      read: (bytes) => checkUpdate(bytes, 64 * 1024),
      refusals: /^$/,
    },
    'a link code': link,
    'a link code with its checksum': slippedLink,
    'a join code': join,
    'a join code with its checksum': slippedJoin,
    'an invite code': invite,
    'an invite code with its checksum': slippedInvite,
    'a security code': verify,
    'a security code with its checksum': slippedVerify,
    ...Object.fromEntries(
      (['account', 'chat', 'device', 'entry', 'message'] as const).map((name) => [
        `an id: ${name}`,
        {
          input: ofBytes(bytesOf(ids[name])),
          read: (bytes: Uint8Array) => parsers[name](textOf(bytes)),
          refusals: /^ERR_ID_MALFORMED$/,
        },
      ]),
    ),
  }
}

const readers = await createReaders()
/** Signatures and X-Wing cost a millisecond where a codec costs microseconds. */
const COSTLY = /proof|lockbox|device log/

test.each(Object.keys(readers))(
  'C1 C3 mutated inputs: %s is read or refused, and nothing else',
  {
    timeout: 60_000 + INPUTS * 4,
  },
  (name) => {
    const reader = readers[name]
    if (reader === undefined) throw new Error('no such reader')
    const random = randomFor(name)
    for (let count = 0; count < (COSTLY.test(name) ? INPUTS / 30 : INPUTS); count++) {
      const input = reader.input(random)
      const outcome = timed(() => outcomeOf(reader, input))
      if (outcome !== 'fine') expect({ name, input: base64(input), outcome }).toEqual('fine')
    }
  },
)

function outcomeOf({ read, refusals }: Reader, input: Uint8Array): string {
  try {
    read(input)
    return 'fine'
  } catch (error) {
    return isKithError(error) && refusals.test(error.code) ? 'fine' : `thrown: ${error}`
  }
}
