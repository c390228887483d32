import { KithError } from '../errors.ts'
import { AEAD_KEY_BYTES, type AeadInput } from './primitives.ts'

/**
 * The input, if key and nonce have the one length that is used here: libraries take shorter AES keys and
 * nonces of any length too. @throws ERR_KEY_REFUSED
 */
export function checkAeadInput(input: AeadInput, nonceBytes: number): AeadInput {
  if (input.key.length === AEAD_KEY_BYTES && input.nonce.length === nonceBytes) return input
  throw new KithError('ERR_KEY_REFUSED', 'an AEAD key or nonce of another length')
}
