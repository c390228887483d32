import { KithError, type RefusalCode } from '@kithmesh/protocol'

/** What a refusal means to a person, and what to do about it. The same on both screens. */
const SENTENCES: Readonly<Record<RefusalCode, readonly [message: string, hint: string]>> = {
  ERR_CODE_EXPIRED: [
    'this code has expired',
    'Take the code that is shown now; each stands 60 seconds.',
  ],
  ERR_CODE_USED: ['this code was used already', 'Take the code that is shown now.'],
  ERR_CODE_WRONG_SECRET: [
    'this code is not one the other device gave out',
    'Check that it was copied whole, from the screen of that device.',
  ],
  ERR_LINK_ACCOUNT: [
    'the two devices do not agree about the account',
    'Check that the code belongs to whom you think it does.',
  ],
  ERR_LINK_ALREADY: ['that device is linked already', 'Look at the linked devices.'],
  ERR_LINK_ATTEMPTS: [
    'too many wrong attempts with this code',
    'Take the code that is shown now, and check who can see it.',
  ],
  ERR_LINK_BUSY: [
    'the other device is being linked by somebody else just now',
    'Look at its screen; if nobody you know does that, decline it there.',
  ],
  ERR_LINK_CLOSED: [
    'the other device waits for nobody to link it',
    'Have it show a code, or start it as a new device.',
  ],
  ERR_LINK_DECLINED: [
    'it was not confirmed',
    'Try again and confirm on the device that is linked.',
  ],
  ERR_LINK_DIGITS: [
    'the two screens did not show the same digits',
    'Somebody may sit between the two devices. Try again in another network, and compare again.',
  ],
  ERR_LINK_FAR: [
    'the new device is not near: no direct connection to it on this network',
    'Bring both into one network, or allow a far device expressly (--far).',
  ],
  ERR_LINK_LIMIT: ['the account has as many devices as it may', 'Unlink one first.'],
  ERR_LINK_ORDER: [
    'the other device broke the order of steps',
    'Update both devices and try again.',
  ],
  ERR_LINK_REVOKED: [
    'that device was unlinked from this account, or its time there is over',
    'Start it as a new device, with an empty home, and link that.',
  ],
  ERR_LINK_RIGHT: [
    'this device may not link others',
    'Link it from another device of the account.',
  ],
  ERR_LINK_SEAL: [
    'something on the way changed what was sent',
    'Try again; on another network if it stays.',
  ],
  ERR_LINK_SUSPENDED: [
    'that device is suspended from this account',
    'Readmit it instead; it has kept its data.',
  ],
  ERR_LINK_TIMEOUT: [
    'nobody confirmed in time',
    'Try again, and confirm on both devices within two minutes.',
  ],
  ERR_MALFORMED: ['the other device sent something that cannot be read', 'Update both devices.'],
  ERR_SUITE_UNKNOWN: ['the other device is of a newer version', 'Update this device.'],
}

/** A refusal as an error for whoever asked. */
export function refusalError(code: RefusalCode): KithError {
  const [message, hint] = SENTENCES[code]
  return new KithError(code, message, { hint })
}
