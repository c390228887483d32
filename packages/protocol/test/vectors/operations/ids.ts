/** ids.json: domain strings and ids (ID-1 … ID-3, ID-7, ID-8, LOG-1). */

import {
  accountIdFromBytes,
  accountIdOfGenesis,
  accountIdToBytes,
  chatIdFromBytes,
  chatIdToBytes,
  deriveAccountRoot,
  deviceIdFromPublicKey,
  directChatId,
  domainBytes,
  entropyFromWords,
  entryIdFromBytes,
  entryIdToBytes,
  messageIdFromBytes,
  messageIdToBytes,
  type Purpose,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseEntryId,
  parseMessageId,
  publicKeyOfDevice,
  recoveryWords,
} from '../../../src/index.ts'
import { bytesIn, fromHex, textIn, textsIn, toHex } from '../json.ts'
import type { Operations } from '../operation.ts'

/** Purposes that sessions, messages and lockboxes have. */
export const PURPOSES = [
  'account id',
  'entry id',
  'direct chat id',
  'message id',
  'device log root',
  'device log entry',
  'device log countersignature',
  'device log recovery',
  'root key',
  'recovery key',
  'device card',
  'session agreement',
  'session binding',
  'session root',
  'session chain',
  'session message',
  'session commitment',
  'session associated data',
  'cannot open',
  'lockbox',
] as const satisfies readonly Purpose[]

const KINDS: Readonly<
  Record<
    string,
    readonly [toText: (bytes: Uint8Array) => string, toBytes: (t: string) => Uint8Array]
  >
> = {
  account: [accountIdFromBytes, (text) => accountIdToBytes(parseAccountId(text))],
  chat: [chatIdFromBytes, (text) => chatIdToBytes(parseChatId(text))],
  device: [deviceIdFromPublicKey, (text) => publicKeyOfDevice(parseDeviceId(text))],
  entry: [entryIdFromBytes, (text) => entryIdToBytes(parseEntryId(text))],
  message: [messageIdFromBytes, (text) => messageIdToBytes(parseMessageId(text))],
}

/** Ids both ways, and what they are made of. */
export const idOperations: Operations = {
  'domain-bytes': (input) => {
    const purpose = PURPOSES.find((known) => known === textIn(input, 'purpose'))
    if (purpose === undefined) throw new Error('purpose: one of this list expected')
    return { bytes: toHex(domainBytes(purpose, ...textsIn(input, 'parts').map(fromHex))) }
  },
  'id-to-text': (input) => ({ text: kindOf(textIn(input, 'kind'))[0](bytesIn(input, 'bytes')) }),
  'id-from-text': (input) => ({
    bytes: toHex(kindOf(textIn(input, 'kind'))[1](textIn(input, 'text'))),
  }),
  'direct-chat-id': (input) => ({
    chat: directChatId(
      parseAccountId(textIn(input, 'one')),
      parseAccountId(textIn(input, 'other')),
    ),
  }),
  'account-id': (input) => ({
    account: accountIdOfGenesis({ body: bytesIn(input, 'genesisBody'), signature: NONE }),
  }),
  'account-root': (input) => {
    const { signer, recoveryPublicKey, recoverySecretKey } = deriveAccountRoot(
      bytesIn(input, 'entropy'),
    )
    return {
      words: recoveryWords(bytesIn(input, 'entropy')),
      rootKey: toHex(signer.publicKey),
      recoverySecretKey: toHex(recoverySecretKey),
      recoveryPublicKey: toHex(recoveryPublicKey),
    }
  },
  'entropy-from-words': (input) => ({ entropy: toHex(entropyFromWords(textIn(input, 'words'))) }),
}

const NONE = new Uint8Array()

function kindOf(kind: string) {
  const both = KINDS[kind]
  if (both === undefined) throw new Error('kind: a kind of id expected')
  return both
}
