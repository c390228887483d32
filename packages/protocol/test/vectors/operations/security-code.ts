/** security-code.json: the digits two people compare, and the code they scan (ID-10 … ID-13). */

import {
  accountFingerprint,
  compareSecurityQr,
  createSecurityQr,
  digitGroups,
  parseAccountId,
  parseSecurityQr,
  type SecuritySide,
  type SecurityView,
  securityDigits,
} from '../../../src/index.ts'
import { bytesIn, type JsonObject, numberIn, objectFrom, objectIn, textIn, toHex } from '../json.ts'
import type { Operations } from '../operation.ts'

/** The code both ways, and its comparison. */
export const securityCodeOperations: Operations = {
  'security-code': (input) => {
    const ours = fingerprintIn(objectIn(input, 'own'))
    const theirs = fingerprintIn(objectIn(input, 'theirs'))
    const digits = securityDigits(ours, theirs)
    return {
      own: toHex(ours),
      theirs: toHex(theirs),
      digits,
      shown: digitGroups(digits).join(' '),
    }
  },
  'write-security-qr': (input) => ({ text: createSecurityQr(viewIn(input)) }),
  'read-security-qr': (input) => objectFrom(parseSecurityQr(textIn(input, 'text'))),
  'compare-security-qr': (input) =>
    objectFrom(compareSecurityQr(viewIn(input), textIn(input, 'scanned'))),
}

function fingerprintIn(side: JsonObject): Uint8Array {
  return accountFingerprint(parseAccountId(textIn(side, 'account')), bytesIn(side, 'rootKey'))
}

function viewIn(input: JsonObject): SecurityView {
  return { own: sideIn(objectIn(input, 'own')), theirs: sideIn(objectIn(input, 'theirs')) }
}

function sideIn(side: JsonObject): SecuritySide {
  return {
    fingerprint: bytesIn(side, 'fingerprint'),
    log: {
      head: bytesIn(objectIn(side, 'log'), 'head'),
      size: numberIn(objectIn(side, 'log'), 'size'),
    },
  }
}
