import type { Clock, Rng } from '../environment.ts'

/** The long-lived certificate of webrtc-direct, in the form libp2p takes and a host stores. */
export interface HostCertificate {
  /** PKCS #8, PEM; a secret. */
  readonly privateKey: string
  /** X.509, PEM. */
  readonly pem: string
  /** Multibase text of the SHA-256 multihash of the certificate, as it stands in addresses. */
  readonly certhash: string
}

/** RFC 5280 §4.1.2.5: times up to 2049 are UTCTime (tag 0x17), later ones GeneralizedTime (0x18). */
const LAST_UTC_TIME_YEAR = 2049

/**
 * How long a certificate is valid (rule NET-6). Its hash stands in addresses people keep, so it must
 * outlive them; nobody checks anything of it but that hash.
 */
const YEARS_VALID = 10

/** Peers' clocks may be behind ours. */
const BACKDATED_MS = 24 * 60 * 60 * 1000

/**
 * Makes the certificate of a host that listens on webrtc-direct: self-signed, P-256 (the one curve
 * that Chromium takes), valid ten years. Store it: a new one is a new address.
 */
export async function createCertificate(environment: {
  readonly clock: Clock
  readonly rng: Rng
}): Promise<HostCertificate> {
  const keys = await generateKeys()
  const body = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(serialNumber(environment.rng)),
    ECDSA_WITH_SHA256,
    NAME,
    validity(environment.clock.now()),
    NAME,
    new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey)),
  )
  const certificate = sequence(body, ECDSA_WITH_SHA256, bitString(await sign(keys, body)))
  return {
    privateKey: pem('PRIVATE KEY', new Uint8Array(await exportPrivate(keys))),
    pem: pem('CERTIFICATE', certificate),
    certhash: await certhashOf(certificate),
  }
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(P256, true, ['sign', 'verify'])
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

function exportPrivate(keys: CryptoKeyPair): Promise<ArrayBuffer> {
  return crypto.subtle.exportKey('pkcs8', keys.privateKey)
}

/** WebCrypto signs as r and s side by side, X.509 wants them as two DER integers (RFC 3279 §2.2.3). */
async function sign(keys: CryptoKeyPair, body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const raw = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.privateKey, body)
  const signature = new Uint8Array(raw)
  return sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)))
}

/** `u` for base64url without padding, then sha2-256 (0x12) of 32 bytes, as in /certhash/… */
async function certhashOf(certificate: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', certificate))
  const text = base64(concat([Uint8Array.of(0x12, 0x20), digest]))
  return `u${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

function serialNumber(rng: Rng): Uint8Array {
  const bytes = rng.bytes(16)
  // RFC 5280 §4.1.2.2: positive and not zero
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

function validity(now: number): Uint8Array {
  const until = new Date(now)
  until.setUTCFullYear(until.getUTCFullYear() + YEARS_VALID)
  return sequence(time(new Date(now - BACKDATED_MS)), time(until))
}

function time(at: Date): Uint8Array {
  const digits = `${at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
  const isShort = at.getUTCFullYear() <= LAST_UTC_TIME_YEAR
  return tagged(isShort ? 0x17 : 0x18, new TextEncoder().encode(isShort ? digits.slice(2) : digits))
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0x30, concat(parts))
}

/** Unsigned big-endian bytes as a DER INTEGER: no leading zero but the one that keeps it positive. */
function integer(value: Uint8Array): Uint8Array {
  const start = value.findIndex((byte) => byte !== 0)
  const short = start < 0 ? Uint8Array.of(0) : value.subarray(start)
  return tagged(0x02, (short[0] ?? 0) < 0x80 ? short : concat([Uint8Array.of(0), short]))
}

function bitString(bytes: Uint8Array): Uint8Array {
  return tagged(0x03, concat([Uint8Array.of(0), bytes]))
}

/** One DER element; lengths from 128 up take one or two further bytes (X.690 §8.1.3). */
function tagged(tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = content.byteLength
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return concat([Uint8Array.from(head), content])
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

function pem(label: string, der: Uint8Array): string {
  const lines = base64(der).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** OID 1.2.840.10045.4.3.2 (RFC 5758 §3.2). */
const ECDSA_WITH_SHA256: Uint8Array = sequence(
  Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02),
)

/** CN=kithmesh: the same for everybody, so that it tells nothing. OID 2.5.4.3, UTF8String. */
const NAME: Uint8Array = sequence(
  tagged(
    0x31,
    sequence(
      Uint8Array.of(0x06, 0x03, 0x55, 0x04, 0x03),
      tagged(0x0c, new TextEncoder().encode('kithmesh')),
    ),
  ),
)
