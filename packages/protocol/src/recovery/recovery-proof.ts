/**
 * The proof by which a device that has the words, and nothing else of the account, is told what others
 * have of it (REC-20): a signature of the root key that holds for one conversation only.
 */

import { domainBytes } from '../identity/domain.ts'
import { type Signer, verifySignature } from '../identity/keys.ts'
import { type DeviceId, publicKeyOfDevice } from '../ids.ts'

/** Length of the nonce that the answering side draws, in bytes. */
export const RECOVERY_NONCE_BYTES = 32

/** The conversation a proof is for. */
export interface RecoveryTalk {
  /** The device that has the words. */
  readonly asking: DeviceId
  /** The device that answers. */
  readonly answering: DeviceId
  /** 32 random bytes of the answering device, for this conversation. */
  readonly nonce: Uint8Array
}

/** Proves to have the root key of an account. */
export function proveRecovery(root: Signer, talk: RecoveryTalk): Promise<Uint8Array> {
  return root.sign(provenBytes(root.publicKey, talk))
}

/** Whether whoever made `proof` had the private half of `root`, in this conversation. Never throws. */
export function verifyRecoveryProof(
  proof: { readonly root: Uint8Array; readonly signature: Uint8Array },
  talk: RecoveryTalk,
): boolean {
  return verifySignature(proof.root, provenBytes(proof.root, talk), proof.signature)
}

/** Every part has a fixed length (ID-2). */
function provenBytes(root: Uint8Array, { asking, answering, nonce }: RecoveryTalk): Uint8Array {
  const peers = [publicKeyOfDevice(asking), publicKeyOfDevice(answering)]
  return domainBytes('recovery proof', ...peers, nonce, root)
}
