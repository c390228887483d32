/**
 * Link codes: what a new device shows to be linked, and join codes: what a device of an account shows to
 * link another (protocol.md §3). Each begins with a letter of its own, so that neither is taken for the
 * other (LNK-16).
 */

import { type DeviceId, deviceIdFromPublicKey, publicKeyOfDevice } from '../ids.ts'
import { codeFromText, codeToText } from './code-text.ts'

/** What a link code says. */
export interface LinkCode {
  readonly kind: 'link-code'
  /** The device that shows it, and the key Noise authenticates. */
  readonly device: DeviceId
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** Binary multiaddrs to dial. */
  readonly addresses: readonly Uint8Array[]
}

/**
 * The text of a link code. With two addresses of 59 bytes together it fits a QR code of 41 modules.
 * `secret`: 16 bytes; `addresses`: at most 2 binary multiaddrs of at most 160 bytes.
 *
 * @throws ERR_TOO_LARGE
 */
export function createLinkCode(code: Omit<LinkCode, 'kind'>): string {
  return codeToText('link', publicKeyOfDevice(code.device), code)
}

/**
 * Reads a link code, in any case and with any white space in it.
 *
 * @throws ERR_CODE_MALFORMED, ERR_CODE_VERSION, ERR_CODE_KIND, and ERR_CODE_ROLE for a join code
 */
export function parseLinkCode(text: string): LinkCode {
  const { head, secret, addresses } = codeFromText('link', text, 32)
  return { kind: 'link-code', device: deviceIdFromPublicKey(head), secret, addresses }
}

/** What a join code says: the same, of a device that has an account already. */
export interface JoinCode extends Omit<LinkCode, 'kind'> {
  readonly kind: 'join-code'
}

/** The text of a join code. @throws ERR_TOO_LARGE */
export function createJoinCode(code: Omit<JoinCode, 'kind'>): string {
  return codeToText('join', publicKeyOfDevice(code.device), code)
}

/**
 * Reads a join code.
 *
 * @throws ERR_CODE_MALFORMED, ERR_CODE_VERSION, ERR_CODE_KIND, and ERR_CODE_ROLE for a link code
 */
export function parseJoinCode(text: string): JoinCode {
  const { head, secret, addresses } = codeFromText('join', text, 32)
  return { kind: 'join-code', device: deviceIdFromPublicKey(head), secret, addresses }
}
