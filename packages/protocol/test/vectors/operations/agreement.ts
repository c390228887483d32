/** agreement.json: PQXDH from both sides (SES-4). */

import {
  type Agreement,
  type Codec,
  codec,
  deviceCardCodec,
  type KeyPair,
  type Primitives,
} from '../../../src/index.ts'
import {
  acceptAgreement,
  agreementShape,
  initiateAgreement,
  prekeysOf,
} from '../../../src/session/agreement.ts'
import { bytesIn, type JsonObject, numberIn, objectFrom, objectIn, toHex } from '../json.ts'
import { environmentFor, noted, type Operations } from '../operation.ts'

const agreementCodec: Codec<Agreement> = codec(agreementShape, { maxBytes: 4096 })

/** PQXDH, with every secret on the way to SK. */
export const agreementOperations: Operations = {
  'initiate-agreement': async (input, tools) => {
    const { primitives } = tools
    const identityKey = await keyPairIn(input, 'identitySecret', primitives)
    const self = { identityKey, card: deviceCardCodec.decode(bytesIn(input, 'card')) }
    const peerCard = deviceCardCodec.decode(bytesIn(input, 'peerCard'))
    const environment = environmentFor(input, tools)
    const { rng, drawn } = noted(environment.rng)
    const made = await initiateAgreement({ self, peerCard }, { ...environment, rng })
    const [ephemeral = NONE, kemRandomness = NONE] = drawn
    const { agree } = primitives.x25519
    const { kemPrekey, identityKey: theirs, prekey } = peerCard
    const kem = await primitives.mlKem768.encapsulate(kemPrekey, kemRandomness)
    return {
      ...objectFrom(made.agreement),
      encoded: toHex(agreementCodec.encode(made.agreement)),
      dh1: toHex(await agree(identityKey.secretKey, prekey)),
      dh2: toHex(await agree(ephemeral, theirs)),
      dh3: toHex(await agree(ephemeral, prekey)),
      kemSecret: toHex(kem.sharedSecret),
      sharedKey: toHex(made.sharedKey),
      binding: toHex(made.binding),
    }
  },
  'accept-agreement': async (input, { primitives }) => {
    const agreement = agreementCodec.decode(bytesIn(input, 'agreement'))
    const identityKey = await keyPairIn(input, 'identitySecret', primitives)
    const kept = await prekeysIn(objectIn(input, 'prekeys'), primitives)
    const prekeys = prekeysOf(agreement, [kept])
    const initiatorKey = deviceCardCodec.decode(agreement.card).identityKey
    const agreed = await acceptAgreement(
      { identityKey, prekeys, agreement, initiatorKey },
      primitives,
    )
    const { agree } = primitives.x25519
    const { ephemeralKey, kemCiphertext } = agreement
    const { decapsulate } = primitives.mlKem768
    return {
      dh1: toHex(await agree(prekeys.prekey.secretKey, initiatorKey)),
      dh2: toHex(await agree(identityKey.secretKey, ephemeralKey)),
      dh3: toHex(await agree(prekeys.prekey.secretKey, ephemeralKey)),
      kemSecret: toHex(await decapsulate(prekeys.kemPrekey.secretKey, kemCiphertext)),
      sharedKey: toHex(agreed.sharedKey),
      binding: toHex(agreed.binding),
    }
  },
}

const NONE = new Uint8Array()

/** An X25519 pair, of which vectors give the secret half. */
export async function keyPairIn(
  input: JsonObject,
  name: string,
  { x25519 }: Primitives,
): Promise<KeyPair> {
  return x25519.keyPair(bytesIn(input, name))
}

/** The secrets of one card: `number`, `createdAt`, `prekeySecret` and `kemPrekeySeed`. */
export async function prekeysIn(input: JsonObject, primitives: Primitives) {
  return {
    number: numberIn(input, 'number'),
    createdAt: numberIn(input, 'createdAt'),
    prekey: await keyPairIn(input, 'prekeySecret', primitives),
    kemPrekey: await primitives.mlKem768.keyPair(bytesIn(input, 'kemPrekeySeed')),
  }
}
