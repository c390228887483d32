import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { x25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codec } from '../codec/codec.ts'
import { bytes, record } from '../codec/shape.ts'
import type { Rng } from '../environment.ts'
import { domainBytes } from '../identity/domain.ts'
import { deviceIdFromPublicKey, publicKeyOfDevice } from '../ids.ts'
import { answerChannel, completeChannel, dialChannel } from './channel.ts'
import { MAX_LINK_FRAME_BYTES, readFrame, writeFrame } from './frame.ts'
import { INVITE_PURPOSES, LINK_PURPOSES } from './purposes.ts'
import { openContent, sealContent } from './sealed-channel.ts'

const rng: Rng = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }
const dialler = deviceIdFromPublicKey(new Uint8Array(32).fill(1))
const answerer = deviceIdFromPublicKey(new Uint8Array(32).fill(2))
const key = { key: new Uint8Array(32).fill(3), id: new Uint8Array(16).fill(4) }
const dialling = { purposes: LINK_PURPOSES, key, self: dialler, peer: answerer }
const answering = {
  purposes: LINK_PURPOSES,
  self: answerer,
  peer: dialler,
  keyOf: () => key.key,
  greeting: Uint8Array.of(5),
}

function proved() {
  const dialled = dialChannel(dialling, rng)
  const answered = answerChannel(answering, dialled.send, rng)
  if (answered.kind === 'refused') throw new Error(answered.code)
  const completed = completeChannel(dialled.state, answered.send)
  if (completed.kind === 'refused') throw new Error(completed.code)
  return { ofDialler: completed.channel, ofAnswerer: answered.channel }
}

describe('a proved channel', () => {
  test('LNK-8 what one side seals the other opens, in order and once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array()), { maxLength: 6 }), (said) => {
        let { ofDialler, ofAnswerer } = proved()
        for (const [fromDialler, content] of said) {
          const sealed = sealContent(fromDialler ? ofDialler : ofAnswerer, content, rng)
          const opened = openContent(fromDialler ? ofAnswerer : ofDialler, sealed.send, rng)
          if (opened.kind === 'refused') throw new Error(opened.code)
          expect(opened.content).toEqual(content)
          const twice = openContent(opened.channel, sealed.send, rng)
          expect(twice).toMatchObject({ kind: 'refused', code: 'ERR_LINK_SEAL' })
          ofDialler = fromDialler ? sealed.channel : opened.channel
          ofAnswerer = fromDialler ? opened.channel : sealed.channel
        }
      }),
      { numRuns: 15 },
    )
  })

  test('LNK-8 two attempts share no key, nor do the directions of one', () => {
    const [one, other] = [proved(), proved()]
    const keys = [one.ofDialler, other.ofDialler].flatMap(({ sendKey, receiveKey }) => [
      sendKey,
      receiveKey,
    ])
    expect(new Set(keys.map(String)).size).toBe(4)
    expect(one.ofAnswerer.receiveKey).toEqual(one.ofDialler.sendKey)
  })

  test('A3 ID-2 a hello to link is none to exchange contacts', () => {
    const { send } = dialChannel(dialling, rng)
    const answered = answerChannel({ ...answering, purposes: INVITE_PURPOSES }, send, rng)
    expect(answered).toMatchObject({ kind: 'refused', code: 'ERR_CODE_WRONG_SECRET' })
  })

  test('LNK-7 an ephemeral key of small order is refused, though its maker has the secret', () => {
    const opening = codec(
      record({
        keyId: bytes({ length: 16 }),
        nonce: bytes({ length: 32 }),
        ephemeral: bytes({ length: 32 }),
      }),
      { maxBytes: 128 },
    ).encode({ keyId: key.id, nonce: new Uint8Array(32), ephemeral: new Uint8Array(32) })
    const devices = [dialler, answerer].map(publicKeyOfDevice)
    const transcript = createHash('sha256').update(
      domainBytes('link transcript', ...devices, opening),
    )
    const proof = createHmac('sha256', key.key)
      .update(domainBytes('link proof', Uint8Array.of(1), transcript.digest()))
      .digest()
    const frame = writeFrame({ kind: 'hello', opening, proof: Uint8Array.from(proof) })
    expect(answerChannel(answering, frame, rng)).toMatchObject({
      kind: 'refused',
      code: 'ERR_MALFORMED',
    })
  })

  test('LNK-6 LNK-7 LNK-8 proofs and keys are those of the specification', () => {
    const dialled = dialChannel(dialling, rng)
    const answered = answerChannel(answering, dialled.send, rng)
    if (answered.kind === 'refused') throw new Error(answered.code)
    const [hello, answer] = [readFrame(dialled.send), readFrame(answered.send)]
    if (hello.kind !== 'hello' || answer.kind !== 'answer') throw new Error('two openings')
    const sha = (...parts: readonly Uint8Array[]): Uint8Array =>
      Uint8Array.from(
        createHash('sha256')
          .update(domainBytes('link transcript', ...parts))
          .digest(),
      )
    const mac = (role: number, transcript: Uint8Array): Uint8Array => {
      const bytes = domainBytes('link proof', Uint8Array.of(role), transcript)
      return Uint8Array.from(createHmac('sha256', key.key).update(bytes).digest())
    }
    const begun = sha(publicKeyOfDevice(dialler), publicKeyOfDevice(answerer), hello.opening)
    expect(hello.proof).toEqual(mac(1, begun))
    const both = sha(sha(begun, hello.proof), answer.opening)
    expect(answer.proof).toEqual(mac(2, both))

    const ephemeral = answer.opening.subarray(37, 69)
    const shared = x25519.getSharedSecret(dialled.state.ephemeralSecret, ephemeral)
    const secret = Uint8Array.of(...key.key, ...shared)
    const info = domainBytes('link seal', Uint8Array.of(1))
    const fromDialler = hkdfSync('sha256', secret, sha(both, answer.proof), info, 32)
    expect(answered.channel.receiveKey).toEqual(new Uint8Array(fromDialler))
  })

  test('C1 20,000 frames of any bytes, or nearly right ones, end in a code', () => {
    const { send } = dialChannel(dialling, rng)
    const { ofAnswerer } = proved()
    const near = fc
      .tuple(fc.nat(send.length - 1), fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([at, change]) => {
        const copy = Uint8Array.from(send)
        copy.set(change.subarray(0, copy.length - at), at)
        return copy
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (frame) => {
        expect(['hello', 'answer', 'sealed', 'refused', 'unreadable']).toContain(
          readFrame(frame).kind,
        )
      }),
      { numRuns: 20_000 },
    )
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (frame) => {
        expect(openContent(ofAnswerer, frame, rng).kind).toBe('refused')
      }),
      { numRuns: 300 },
    )
  })

  test('C1 a frame over the limit is refused unread', () => {
    expect(readFrame(new Uint8Array(MAX_LINK_FRAME_BYTES + 1)).kind).toBe('unreadable')
  })
})
