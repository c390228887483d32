/** message.json: sealing and opening under a message key (SES-9, SES-10). */

import { domainBytes, KithError } from '../../../src/index.ts'
import { openMessage, sealMessage } from '../../../src/session/message-seal.ts'
import { bytesIn, type JsonObject, objectFrom, toHex } from '../json.ts'
import { environmentFor, type Operations, type Tools } from '../operation.ts'

/** Messages both ways. */
export const messageOperations: Operations = {
  'seal-message': async (input, tools) => {
    const sealing = { ...keysIn(input), plaintext: bytesIn(input, 'plaintext') }
    const message = await sealMessage(sealing, environmentFor(input, tools))
    return { key: toHex(await keyOf(input, message.nonce, tools)), ...objectFrom(message) }
  },
  'open-message': async (input, tools) => {
    const message = {
      nonce: bytesIn(input, 'nonce'),
      commitment: bytesIn(input, 'commitment'),
      sealed: bytesIn(input, 'sealed'),
    }
    const plaintext = await openMessage({ ...keysIn(input), message }, tools.primitives)
    if (plaintext === undefined) throw new KithError('ERR_SESSION_OPEN', 'it does not open')
    return { plaintext: toHex(plaintext) }
  },
}

function keysIn(input: JsonObject) {
  return {
    messageKey: bytesIn(input, 'messageKey'),
    associatedData: bytesIn(input, 'associatedData'),
  }
}

/** The key of the cipher, which the implementation keeps to itself: the first half of SES-10. */
async function keyOf(
  input: JsonObject,
  salt: Uint8Array,
  { primitives }: Tools,
): Promise<Uint8Array> {
  const { messageKey: secret, associatedData } = keysIn(input)
  const info = domainBytes('session commitment', await primitives.sha256(associatedData))
  return (await primitives.hkdfSha256({ secret, salt, info, length: 64 })).slice(0, 32)
}
