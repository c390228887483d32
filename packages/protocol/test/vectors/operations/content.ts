/** content.json: what messages hold (MSG-1 … MSG-3). */

import {
  type Content,
  type ContentBody,
  contentCodec,
  messageIdOf,
  type Party,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseMessageId,
} from '../../../src/index.ts'
import {
  bytesIn,
  type JsonObject,
  numberIn,
  objectFrom,
  objectIn,
  textIn,
  textsIn,
  toHex,
} from '../json.ts'
import type { Operations } from '../operation.ts'

/** Contents both ways. */
export const contentOperations: Operations = {
  'write-content': (input) => {
    const encoded = contentCodec.encode(contentIn(input))
    return { encoded: toHex(encoded), message: messageIdOf(encoded) }
  },
  'read-content': (input) => objectFrom(contentCodec.decode(bytesIn(input, 'encoded'))),
}

function contentIn(input: JsonObject): Content {
  return {
    chat: parseChatId(textIn(input, 'chat')),
    author: partyIn(objectIn(input, 'author')),
    seq: numberIn(input, 'seq'),
    parents: textsIn(input, 'parents').map(parseMessageId),
    at: numberIn(input, 'at'),
    salt: bytesIn(input, 'salt'),
    body: bodyIn(objectIn(input, 'body')),
  }
}

function bodyIn(body: JsonObject): ContentBody {
  switch (textIn(body, 'kind')) {
    case 'text':
      return { kind: 'text', text: textIn(body, 'text') }
    case 'read':
      return { kind: 'read', messages: textsIn(body, 'messages').map(parseMessageId) }
    default:
      throw new Error('body: a kind of content expected')
  }
}

/** `account` and `device`. */
export function partyIn(input: JsonObject): Party {
  return {
    account: parseAccountId(textIn(input, 'account')),
    device: parseDeviceId(textIn(input, 'device')),
  }
}
