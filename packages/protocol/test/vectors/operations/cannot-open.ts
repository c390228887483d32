/** cannot-open.json: the signed record by which a device asks for an envelope anew (SES-26, SES-27). */

import { parseMessageId, signerFromSeed } from '../../../src/index.ts'
import {
  cannotOpenCodec,
  isCannotOpenOf,
  signCannotOpen,
  type Unopened,
} from '../../../src/session/cannot-open.ts'
import { bytesIn, type JsonObject, objectFrom, objectIn, textIn, toHex } from '../json.ts'
import type { Operations } from '../operation.ts'
import { partyIn } from './content.ts'

/** Signing and judging the record. */
export const cannotOpenOperations: Operations = {
  'sign-cannot-open': async (input) => {
    const signer = signerFromSeed(bytesIn(input, 'deviceSeed'))
    const said = await signCannotOpen(unopenedIn(input), signer)
    return { signature: toHex(said.signature), encoded: toHex(cannotOpenCodec.encode(said)) }
  },
  'read-cannot-open': (input) => {
    const said = cannotOpenCodec.decode(bytesIn(input, 'encoded'))
    const isAboutIt = isCannotOpenOf(said, unopenedIn(objectIn(input, 'expected')))
    return { ...objectFrom(said), isAboutIt }
  },
}

function unopenedIn(input: JsonObject): Unopened {
  return {
    by: partyIn(objectIn(input, 'by')),
    to: partyIn(objectIn(input, 'to')),
    message: parseMessageId(textIn(input, 'message')),
    ratchetKey: bytesIn(input, 'ratchetKey'),
  }
}
