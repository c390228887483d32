import { describe, expect, test } from 'vitest'
import { createActor, createCast, FRESHNESS, START, textBytes } from '../../test/session-cast.ts'
import type { SealInput } from './session.ts'
import { createSessionCipher, type SessionCipher } from './session-cipher.ts'
import { sessionSetCodec } from './session-codec.ts'
import { createSessionSet, type SessionSet } from './session-set.ts'

async function createPair() {
  const cast = await createCast()
  const { ada, ben, chat, environment } = cast
  const input: SealInput = { plaintext: textBytes('hello'), chat, freshness: FRESHNESS }
  const [adas, bens] = [
    createSessionSet({ self: ada.own.party, peer: ben.own.party }),
    createSessionSet({ self: ben.own.party, peer: ada.own.party }),
  ]
  return { ...cast, cipher: createSessionCipher(environment), input, adas, bens }
}

/** What a step yields, taken the only way there is. */
async function sealed(cipher: SessionCipher, state: SessionSet, input: SealInput) {
  const sealing = await cipher.seal(state, input)
  if (sealing.kind !== 'sealed') throw new Error(sealing.kind)
  return sealing.step.into((next, envelope) => ({ next, envelope }))
}

describe('the cipher', () => {
  test('SES-11 an envelope is not to be had without the state that has to be stored with it', async () => {
    const { cipher, ada, ben, adas, input } = await createPair()
    const state = await cipher.start(adas, { self: ada.own, peerCard: ben.card })
    const sealing = await cipher.seal(state, input)
    if (sealing.kind !== 'sealed') throw new Error(sealing.kind)
    // @ts-expect-error There is no way around `into`.
    expect(sealing.step.envelope).toBeUndefined()
    expect(Object.keys(sealing.step)).toEqual(['into'])
    const batch = sealing.step.into((next, { sender }) => ({ next, sender }))
    expect(batch.sender).toEqual(ada.own.party)
    expect(sessionSetCodec.encode(batch.next)).not.toEqual(sessionSetCodec.encode(state))
  })

  test('SES-11 the state that went in stays as it was, whatever comes of the step', async () => {
    const { cipher, ada, ben, adas, bens, input } = await createPair()
    const started = await cipher.start(adas, { self: ada.own, peerCard: ben.card })
    const kept = [started, bens].map((state) => sessionSetCodec.encode(state))
    const { envelope } = await sealed(cipher, started, input)
    const again = await sealed(cipher, started, input)
    expect(again.envelope.header.number).toBe(envelope.header.number)
    const { prekeys, own: self } = ben
    for (const arrived of [envelope, { ...envelope, chat: 'control' as const }]) {
      await cipher.open(bens, { self, prekeys, envelope: arrived })
    }
    expect([started, bens].map((state) => sessionSetCodec.encode(state))).toEqual(kept)
  })

  test('SES-11 without a session there is nothing to seal on', async () => {
    const { cipher, adas, input } = await createPair()
    expect(await cipher.seal(adas, input)).toEqual({ kind: 'no-session' })
  })

  test('SES-3 SES-4 the first envelope tells from which card the peer began; later ones do not', async () => {
    const { cipher, ada, ben, adas, bens, input } = await createPair()
    const started = await cipher.start(adas, { self: ada.own, peerCard: ben.card })
    const first = await sealed(cipher, started, input)
    const second = await sealed(cipher, first.next, input)
    let state = bens
    const numbers: unknown[] = []
    for (const { envelope } of [first, second]) {
      const opening = await cipher.open(state, { self: ben.own, prekeys: ben.prekeys, envelope })
      if (opening.kind !== 'opened') throw new Error(opening.kind)
      state = opening.step.into((next, { startedFrom }) => {
        numbers.push(startedFrom)
        return next
      })
    }
    expect(numbers).toEqual([ben.card.number, undefined])
  })

  test('SES-4 a device starts sessions in its own name only, and with the device of the state', async () => {
    const { cipher, ada, ben, adas, environment } = await createPair()
    const carol = await createActor('carol', environment)
    const refused = { code: 'ERR_SESSION_CONTEXT' }
    await expect(cipher.start(adas, { self: carol.own, peerCard: ben.card })).rejects.toMatchObject(
      refused,
    )
    await expect(cipher.start(adas, { self: ada.own, peerCard: carol.card })).rejects.toMatchObject(
      refused,
    )
    expect(environment.clock.now()).toBe(START)
  })

  test('SES-6 what is of another pair is refused before any session is tried', async () => {
    const { cipher, ada, ben, adas, bens, input, environment } = await createPair()
    const carol = await createActor('carol', environment)
    const started = await cipher.start(adas, { self: ada.own, peerCard: ben.card })
    const { envelope } = await sealed(cipher, started, input)
    const others = [
      { ...envelope, sender: carol.own.party },
      { ...envelope, recipient: carol.own.party },
      { ...envelope, sender: { ...envelope.sender, account: carol.own.party.account } },
    ]
    for (const other of others) {
      const opening = await cipher.open(bens, {
        self: ben.own,
        prekeys: ben.prekeys,
        envelope: other,
      })
      expect(opening).toEqual({ kind: 'refused', code: 'ERR_SESSION_CONTEXT' })
    }
  })
})
