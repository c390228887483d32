/** Invite codes: what a person gives to another, so that both accounts become contacts. */

import { joinBytes } from '../identity/domain.ts'
import {
  type AccountId,
  accountIdFromBytes,
  accountIdToBytes,
  type DeviceId,
  deviceIdFromPublicKey,
  publicKeyOfDevice,
} from '../ids.ts'
import { codeFromText, codeToText } from './code-text.ts'

/** What an invite code says. */
export interface InviteCode {
  readonly kind: 'invite-code'
  readonly account: AccountId
  /** The device that made it. Any device of its account answers to it (LNK-12). */
  readonly device: DeviceId
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** Binary multiaddrs to dial. */
  readonly addresses: readonly Uint8Array[]
}

/**
 * The text of an invite code. `secret`: 16 bytes; `addresses`: at most 2 binary multiaddrs of at most
 * 160 bytes.
 *
 * @throws ERR_TOO_LARGE
 */
export function createInviteCode(code: Omit<InviteCode, 'kind'>): string {
  const head = joinBytes(accountIdToBytes(code.account), publicKeyOfDevice(code.device))
  return codeToText('invite', head, code)
}

/**
 * Reads an invite code, in any case and with any white space in it.
 *
 * @throws ERR_CODE_MALFORMED, ERR_CODE_VERSION, ERR_CODE_KIND
 */
export function parseInviteCode(text: string): InviteCode {
  const { head, secret, addresses } = codeFromText('invite', text, 64)
  return {
    kind: 'invite-code',
    account: accountIdFromBytes(head.subarray(0, 32)),
    device: deviceIdFromPublicKey(head.subarray(32)),
    secret,
    addresses,
  }
}
