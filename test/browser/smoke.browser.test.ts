import {
  deviceIdFromPublicKey,
  publicKeyOfDevice,
  signerFromSeed,
  verifySignature,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'

/** RFC 8032 §7.1, test 1: seed, public key, signature of the empty message. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const PUBLIC_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const SIGNATURE =
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

describe('the protocol in a page', () => {
  test('a public key has the device id that libp2p gives it', () => {
    const device = deviceIdFromPublicKey(bytes(PUBLIC_KEY))
    expect(device).toBe('12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV')
    expect(publicKeyOfDevice(device)).toEqual(bytes(PUBLIC_KEY))
  })

  test('a signature has the bytes of the RFC and is verified', async () => {
    const signer = signerFromSeed(bytes(SEED))
    const signature = await signer.sign(new Uint8Array())
    expect(signature).toEqual(bytes(SIGNATURE))
    expect(verifySignature(signer.publicKey, new Uint8Array(), signature)).toBe(true)
    expect(verifySignature(signer.publicKey, Uint8Array.of(1), signature)).toBe(false)
  })
})

describe('the page the tests run in', () => {
  test('is a secure context with storage, locks and WebRTC', () => {
    expect(window.isSecureContext).toBe(true)
    expect(crypto.subtle).toBeDefined()
    expect(indexedDB).toBeDefined()
    expect(navigator.locks).toBeDefined()
    expect(RTCPeerConnection).toBeTypeOf('function')
  })

  test('has no Node in it', () => {
    expect(globalThis).not.toHaveProperty('Buffer')
    expect(globalThis).not.toHaveProperty('process.versions.node')
  })
})
