import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createEnvironment, START } from '../../test/session-cast.ts'
import { noblePrimitives } from './noble-primitives.ts'
import { createKeyPair } from './party.ts'
import { initiatorRatchet, responderRatchet, stepReceiving, stepSending } from './ratchet.ts'

const environment = createEnvironment('ratchet', noblePrimitives)
const sharedKey = new Uint8Array(32).fill(3)

/** KDF_RK and KDF_CK, written down a second time from SES-12. */
function deriveKeys(rootKey: Uint8Array, secret: Uint8Array, count: number) {
  const derived = Buffer.from(hkdfSync('sha256', secret, rootKey, 'kith/v1/session root\0', 64))
  const hmac = (key: Uint8Array, input: string): Buffer =>
    createHmac('sha256', key).update(input).digest()
  const messageKeys: Uint8Array[] = []
  let chainKey: Uint8Array = derived.subarray(32)
  for (let number = 0; number < count; number++) {
    messageKeys.push(new Uint8Array(hmac(chainKey, 'kith/v1/session message\0')))
    chainKey = hmac(chainKey, 'kith/v1/session chain\0')
  }
  return { rootKey: new Uint8Array(derived.subarray(0, 32)), messageKeys }
}

describe('the ratchet', () => {
  test('SES-12 root, chain and message keys are derived as written, over a turn and back', async () => {
    const prekey = await createKeyPair(environment)
    let ada = initiatorRatchet({ sharedKey, prekey: prekey.publicKey, at: START })
    let ben = responderRatchet({ sharedKey, prekey, at: START })

    let rootKey: Uint8Array = sharedKey
    for (const from of ['ada', 'ben', 'ada'] as const) {
      const received: Uint8Array[] = []
      const sent: Uint8Array[] = []
      let agreed = new Uint8Array()
      for (let number = 0; number < 3; number++) {
        const [sender, receiver] = from === 'ada' ? [ada, ben] : [ben, ada]
        const step = await stepSending(sender, environment)
        if (step === undefined) throw new Error('it can send')
        expect(step.header.number).toBe(number)
        const taken = await stepReceiving(receiver, step.header, environment)
        if (taken.kind !== 'key') throw new Error(taken.kind)
        if (number === 0) {
          const ours = receiver.ours ?? prekey
          agreed = Uint8Array.from(
            await noblePrimitives.x25519.agree(ours.secretKey, step.header.ratchetKey),
          )
        }
        sent.push(step.messageKey)
        received.push(taken.messageKey)
        ;[ada, ben] = from === 'ada' ? [step.ratchet, taken.ratchet] : [taken.ratchet, step.ratchet]
      }
      const expected = deriveKeys(rootKey, agreed, 3)
      expect(sent).toEqual(expected.messageKeys)
      expect(received).toEqual(expected.messageKeys)
      rootKey = expected.rootKey
      expect(ada.rootKey).toEqual(rootKey)
      expect(ben.rootKey).toEqual(rootKey)
    }
  })

  test('SES-12 a responder that has opened nothing cannot send', async () => {
    const prekey = await createKeyPair(environment)
    const ben = responderRatchet({ sharedKey, prekey, at: START })
    expect((await stepSending(ben, environment))?.ratchet).toBeUndefined()
  })
})
