/** card.json: device cards (SES-2, SES-3). */

import {
  type CardWithSecrets,
  createDeviceCard,
  createOneTimeCard,
  deviceCardCodec,
  domainBytes,
  signerFromSeed,
  verifyDeviceCard,
} from '../../../src/index.ts'
import { bytesIn, type JsonObject, numberIn, objectFrom, toHex } from '../json.ts'
import { environmentFor, type Operations, type Tools } from '../operation.ts'

/** Making and reading cards. */
export const cardOperations: Operations = {
  'make-card': async (input, tools) => {
    const { identity, environment } = await makingOf(input, tools)
    const number = numberIn(input, 'number')
    return madeCard(await createDeviceCard({ ...identity, number }, environment))
  },
  'make-one-time-card': async (input, tools) => {
    const { identity, environment } = await makingOf(input, tools)
    return madeCard(await createOneTimeCard(identity, environment))
  },
  'read-card': async (input, { primitives }) => {
    const now = numberIn(input, 'now')
    return objectFrom(await verifyDeviceCard(bytesIn(input, 'card'), { now }, primitives))
  },
}

async function makingOf(input: JsonObject, tools: Tools) {
  const environment = environmentFor(input, tools)
  const signer = signerFromSeed(bytesIn(input, 'deviceSeed'))
  const identityKey = await tools.primitives.x25519.keyPair(bytesIn(input, 'identitySecret'))
  return { identity: { signer, identityKey }, environment }
}

function madeCard({ card, secrets }: CardWithSecrets): JsonObject {
  const encoded = deviceCardCodec.encode(card)
  return {
    ...objectFrom(card),
    signed: toHex(signedPart(encoded)),
    encoded: toHex(encoded),
    prekeySecret: toHex(secrets.prekey.secretKey),
    kemPrekeySeed: toHex(secrets.kemPrekey.secretKey),
  }
}

/** What the signature is over: the same array without its ninth item, the signature (0x58 0x40 and 64 bytes). */
function signedPart(encoded: Uint8Array): Uint8Array {
  return domainBytes('device card', Uint8Array.of(0x88), encoded.subarray(1, -66))
}
