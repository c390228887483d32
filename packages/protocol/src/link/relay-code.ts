/** Relay codes: what a relay without an owner shows, so that a device can claim it (RLY-71). */

import { type DeviceId, deviceIdFromPublicKey, publicKeyOfDevice } from '../ids.ts'
import { codeFromText, codeToText } from './code-text.ts'

/** What a relay code says. */
export interface RelayCode {
  readonly kind: 'relay-code'
  /** The relay that shows it, by the key that Noise authenticates: nobody can sit between. */
  readonly relay: DeviceId
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** Binary multiaddrs to dial. */
  readonly addresses: readonly Uint8Array[]
}

/**
 * The text of a relay code. `secret`: 16 bytes; `addresses`: at most 2 binary multiaddrs of at most
 * 160 bytes.
 *
 * @throws ERR_TOO_LARGE
 */
export function createRelayCode(code: Omit<RelayCode, 'kind'>): string {
  return codeToText('relay', publicKeyOfDevice(code.relay), code)
}

/**
 * Reads a relay code, in any case and with any white space in it.
 *
 * @throws ERR_CODE_MALFORMED, ERR_CODE_VERSION, ERR_CODE_KIND
 */
export function parseRelayCode(text: string): RelayCode {
  const { head, secret, addresses } = codeFromText('relay', text, 32)
  return { kind: 'relay-code', relay: deviceIdFromPublicKey(head), secret, addresses }
}
