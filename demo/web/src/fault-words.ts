/** What each error of the device means for a person, in words (WEB-9). */

import type { ErrorCode } from '@kithmesh/node'

/** A failure as a person reads it: what happened, and what it means for them (WEB-9). */
export interface Fault {
  readonly happened: string
  readonly means: string
}

/** What is true of most failures. */
export const UNCHANGED = 'What was stored before is still there.'
const LINK_NOTHING = 'Nothing was linked. The new device shows a new code.'

/** The words for each code that a person may meet. */
export const DESCRIBED: readonly (readonly [ErrorCode, Fault])[] = [
  [
    'ERR_CONTACT_CHANGED',
    {
      happened: 'This contact has a new account, and a new security code.',
      means: 'Nothing was sent. Compare the code, then accept the new account above.',
    },
  ],
  [
    'ERR_CODE_MALFORMED',
    {
      happened: 'This is not a whole code.',
      means: 'A part is missing or mistyped. Copy it again, from WEB+KITH to its last character.',
    },
  ],
  [
    'ERR_CODE_VERSION',
    {
      happened: 'This code comes from another version of Kithmesh.',
      means: 'Bring both devices to the same version, then make a new code.',
    },
  ],
  [
    'ERR_CODE_KIND',
    {
      happened: 'This is another kind of code.',
      means: 'Link codes link your own devices; invite codes add people. Each has its own place.',
    },
  ],
  [
    'ERR_CODE_EXPIRED',
    {
      happened: 'This code is too old.',
      means: 'Nothing was changed. Take the code that is shown there now.',
    },
  ],
  [
    'ERR_CODE_USED',
    {
      happened: 'This code was used before.',
      means: 'Each code works once. If it was not you who used it, look at your list of devices.',
    },
  ],
  [
    'ERR_CODE_WRONG_SECRET',
    {
      happened: 'The other device does not know this code.',
      means: 'It may be an old one. Take the code that is shown there now.',
    },
  ],
  [
    'ERR_LINK_ATTEMPTS',
    { happened: 'There were too many wrong tries with this code.', means: LINK_NOTHING },
  ],
  ['ERR_LINK_DECLINED', { happened: 'The link was not confirmed.', means: LINK_NOTHING }],
  [
    'ERR_LINK_FAR',
    {
      happened: 'The other device is not nearby, and far links were not allowed.',
      means: LINK_NOTHING,
    },
  ],
  [
    'ERR_LINK_ALREADY',
    {
      happened: 'This device belongs to an account already.',
      means: 'A device has one account. Nothing was changed.',
    },
  ],
  [
    'ERR_LINK_ACCOUNT',
    {
      happened: 'That device belongs to another account.',
      means: 'A device has one account. Nothing was changed.',
    },
  ],
  [
    'ERR_LINK_REVOKED',
    {
      happened: 'That device was unlinked from this account.',
      means: 'It cannot come back with its old key. Start it anew, then link it.',
    },
  ],
  [
    'ERR_LINK_DIGITS',
    {
      happened: 'The two screens did not show the same digits.',
      means: 'Nothing was linked: somebody may sit between the two. Try in another network.',
    },
  ],
  [
    'ERR_LINK_TIMEOUT',
    {
      happened: 'Nobody confirmed in time.',
      means: 'Nothing was linked. Confirm on both devices within two minutes.',
    },
  ],
  [
    'ERR_LINK_BUSY',
    {
      happened: 'That device is being linked by somebody else just now.',
      means: 'Look at its screen. If you know nobody who does that, decline it there.',
    },
  ],
  [
    'ERR_LINK_SUSPENDED',
    {
      happened: 'That device is suspended from this account.',
      means: 'Readmit it in the list of devices instead: it has kept what it had.',
    },
  ],
  [
    'ERR_LINK_SEAL',
    {
      happened: 'Something on the way changed what was sent.',
      means: 'Nothing was linked. Try again, in another network if it stays so.',
    },
  ],
  [
    'ERR_CODE_ROLE',
    {
      happened: 'This code is for the other kind of device.',
      means:
        'A new device reads the code of one you have, and one you have reads that of a new one. Nothing was changed.',
    },
  ],
  [
    'ERR_DEVICE_RIGHT',
    {
      happened: 'This device may not do that.',
      means: 'A device that stands above that one may. Nothing was changed.',
    },
  ],
  [
    'ERR_DEVICE_OUT',
    {
      happened: 'This device is out of its account.',
      means: 'It gets nothing newer until another device of yours takes it back.',
    },
  ],
  [
    'ERR_HOME_IN_USE',
    {
      happened: 'This device is still open in another tab.',
      means: 'Close the other tab first. Nothing was erased.',
    },
  ],
  [
    'ERR_LINK_RIGHT',
    {
      happened: 'This device may not link others.',
      means: 'Link the new one from another device of yours. Nothing was changed.',
    },
  ],
  [
    'ERR_LINK_LIMIT',
    {
      happened: 'This account has as many devices as it may have.',
      means: 'Unlink one that you no longer use, then link this one.',
    },
  ],
  [
    'ERR_LINK_CLOSED',
    {
      happened: 'The other device shows no link code now.',
      means: 'Open the link screen there, and take the code it shows.',
    },
  ],
  [
    'ERR_UNREACHABLE',
    {
      happened: 'The other device cannot be reached.',
      means: 'It may be off, or no relay joins the two of you. Nothing is lost.',
    },
  ],
  [
    'ERR_TIMEOUT',
    {
      happened: 'The other device did not answer in time.',
      means: 'It may be asleep or its network slow. Nothing is lost.',
    },
  ],
  [
    'ERR_STREAM_ENDED',
    {
      happened: 'The other device went away in the middle.',
      means: 'Nothing is lost. It can be tried again.',
    },
  ],
  [
    'ERR_NAME',
    {
      happened: 'This name cannot be used.',
      means: 'A name has 1 to 128 characters, all of them visible.',
    },
  ],
  [
    'ERR_TEXT',
    {
      happened: 'This message is too long, or empty.',
      means: 'A message holds 16 KiB of text. It was not sent; you can shorten or split it.',
    },
  ],
  [
    'ERR_NOT_FOUND',
    {
      happened: 'This is no longer here.',
      means: 'It may have been removed on another device of yours.',
    },
  ],
  [
    'ERR_WORDS',
    {
      happened: 'These are not the 12 words of an account.',
      means: 'Check each word and their order. Nobody was asked and nothing was changed.',
    },
  ],
  [
    'ERR_WORDS_WRONG',
    {
      happened: 'These are not the words at these places.',
      means: 'Look at your paper. The words are still on this device.',
    },
  ],
  [
    'ERR_WORDS_TRIES',
    {
      happened: 'There were too many wrong answers.',
      means: 'Compare the words with your paper once more, then confirm them.',
    },
  ],
  [
    'ERR_WORDS_GONE',
    {
      happened: 'The recovery words are not on this device.',
      means: 'They were confirmed and erased here, or another device made the account.',
    },
  ],
  [
    'ERR_RECOVERY_UNKNOWN',
    {
      happened: 'That device does not know the account of these words.',
      means: 'Check the words, and that it is a device of yours or of one of your contacts.',
    },
  ],
  [
    'ERR_RECOVERY_SOURCE',
    {
      happened: 'That device showed nothing of this account.',
      means: 'Nothing was changed. Ask another device of yours or of a contact.',
    },
  ],
  [
    'ERR_RECOVERY_DECLINED',
    { happened: 'Nothing was recovered.', means: 'Nothing was changed anywhere.' },
  ],
  [
    'ERR_ADDRESS',
    {
      happened: 'This is no address of a device.',
      means: 'It ends in /p2p/ and the id of the device. An invite code of a contact will do.',
    },
  ],
  [
    'ERR_PASSPHRASE',
    {
      happened: 'This is not the passphrase.',
      means: 'Look at capital letters and the keyboard’s language, then try again.',
    },
  ],
  [
    'ERR_LOCK_BACKOFF',
    {
      happened: 'There were too many wrong tries.',
      means: 'The next one is allowed when the countdown has ended.',
    },
  ],
  [
    'ERR_PASSPHRASE_SIZE',
    {
      happened: 'This passphrase cannot be used.',
      means: 'It is empty, or longer than 1,024 bytes.',
    },
  ],
  [
    'ERR_PASSKEY',
    {
      happened: 'No passkey was given.',
      means:
        'It was cancelled, it is of another device, or it gives no keys (PRF). The passphrase opens the same.',
    },
  ],
  [
    'ERR_LOCK_UNSUPPORTED',
    {
      happened: 'This device cannot be locked.',
      means: 'It ends with its tab, or was made by an older version. Nothing was changed.',
    },
  ],
  [
    'ERR_LOCKED',
    { happened: 'This device is locked.', means: 'Reload the page, and give its passphrase.' },
  ],
  [
    'ERR_STORE_OPEN',
    {
      happened: 'The browser gives this page no storage.',
      means:
        'A device must keep its keys. Leave the private window, or allow this site to store data.',
    },
  ],
  [
    'ERR_STORE_WRITE',
    {
      happened: 'The browser could not store this.',
      means:
        'Its disk may be full. What was not stored was not sent either; free some space first.',
    },
  ],
  [
    'ERR_STORE_CORRUPT',
    {
      happened: 'A part of what this browser stored is damaged.',
      means:
        'Your other devices hold a copy. If it stays so, clear this site’s data and link it anew.',
    },
  ],
  [
    'ERR_STOPPED',
    {
      happened: 'This device has stopped.',
      means: 'The tab was put aside. Messages wait on the other devices meanwhile.',
    },
  ],
]
