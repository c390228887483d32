/**
 * The one table from error codes to exit codes and to what a person does next (CLI-3, CLI-4). The
 * first line that fits counts; a `*` at the end stands for any rest.
 */

/** Numbers a script may rely on; interfaces of the project list them in this order. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notRunning: 3,
  unreachable: 4,
  refused: 5,
  locked: 6,
  homeInUse: 7,
  interrupted: 130,
} as const

type ExitCode = (typeof EXIT)[keyof typeof EXIT]
type Line = readonly [pattern: string, exit: ExitCode, hint: string]

const NEW_CODE = 'Show a new code with: kith up --new-device'
const VERIFICATION = 'Nothing was changed. Look at both devices with: kith status'

const TABLE: readonly Line[] = [
  ['ERR_USAGE', EXIT.usage, 'Run: kith --help'],
  ['ERR_AMBIGUOUS', EXIT.usage, 'Give more of the id.'],
  ['ERR_CONFIRMATION_NEEDED', EXIT.usage, 'Run it in a terminal, or add --yes.'],
  ['ERR_NAME', EXIT.usage, 'Choose another name: one line, not empty.'],
  ['ERR_SETTING', EXIT.usage, 'See what there is with: kith settings'],
  ['ERR_TEXT', EXIT.usage, 'Send it in smaller parts.'],
  ['ERR_RELAYS', EXIT.usage, 'Take one out first: kith relay remove ADDR'],
  ['ERR_RELAY_CLAIM', EXIT.refused, 'Show a new code there with: kith-relay claim-code'],
  ['ERR_ADDRESS', EXIT.usage, 'An address looks like /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…'],
  ['ERR_ID_MALFORMED', EXIT.usage, 'List what is there with: kith devices, kith contacts'],
  ['ERR_NOT_RUNNING', EXIT.notRunning, 'Start the device with: kith up'],
  ['ERR_STOPPED', EXIT.notRunning, 'Start the device with: kith up'],
  ['ERR_UNREACHABLE', EXIT.unreachable, 'See the path to each device with: kith status'],
  ['ERR_TIMEOUT', EXIT.unreachable, 'See what is pending with: kith status'],
  ['ERR_STREAM_*', EXIT.unreachable, 'The connection broke. Run the same command again.'],
  ['ERR_LINK_TIMEOUT', EXIT.unreachable, NEW_CODE],
  ['ERR_CODE_MALFORMED', EXIT.refused, 'Copy the whole code again, in quotes.'],
  ['ERR_CODE_VERSION', EXIT.refused, 'Update both devices to the same version.'],
  [
    'ERR_CODE_KIND',
    EXIT.refused,
    'Codes of devices go to: kith link; of people to: kith contacts add',
  ],
  [
    'ERR_CODE_ROLE',
    EXIT.refused,
    'L codes go to: kith link CODE; J codes to: kith up --new-device --code CODE',
  ],
  ['ERR_CODE_*', EXIT.refused, NEW_CODE],
  ['ERR_LINK_FAR', EXIT.refused, 'If that is what you want, add: --far'],
  ['ERR_LINK_ALREADY', EXIT.refused, 'See the devices of this account with: kith devices'],
  ['ERR_LINK_DECLINED', EXIT.refused, 'Nothing was linked. Run the same command to try again.'],
  ['ERR_LINK_DIGITS', EXIT.refused, 'Nothing was linked. Somebody may sit between; try elsewhere.'],
  ['ERR_LINK_SUSPENDED', EXIT.refused, 'Take it back with: kith devices readmit DEVICE'],
  ['ERR_LINK_TERMS', EXIT.usage, 'Give 1 to 720 hours: --temporary 12'],
  ['ERR_LINK_*', EXIT.refused, NEW_CODE],
  ['ERR_WORDS_GONE', EXIT.failure, 'See where they are with: kith recovery'],
  ['ERR_WORDS_TRIES', EXIT.refused, 'Show them again with: kith recovery show'],
  ['ERR_WORDS_WRONG', EXIT.refused, 'Show them again with: kith recovery show'],
  ['ERR_WORDS', EXIT.refused, 'Check each of the 12 words and their order.'],
  ['ERR_RECOVERY_KEEP', EXIT.usage, 'Name devices of the account, at most seven: --keep NAME'],
  ['ERR_RECOVERY_*', EXIT.refused, 'Nothing was changed. Try again, or ask another device.'],
  ['ERR_NOT_VERIFIED', EXIT.refused, 'Compare the digits with: kith code CONTACT'],
  [
    'ERR_CONTACT_CHANGED',
    EXIT.refused,
    'Compare it with: kith code CONTACT, then: kith contacts accept CONTACT',
  ],
  [
    'ERR_OUTBOX_FULL',
    EXIT.refused,
    'Meet a device of the contact first: kith status shows the path.',
  ],
  ['ERR_SUITE_UNKNOWN', EXIT.refused, 'Update both devices to the same version.'],
  ['ERR_PROTOCOL_UNSUPPORTED', EXIT.refused, 'Update both devices to the same version.'],
  ['ERR_PEER_REFUSED', EXIT.refused, VERIFICATION],
  ['ERR_STRANGER', EXIT.refused, VERIFICATION],
  ['ERR_FRAME_*', EXIT.refused, VERIFICATION],
  ['ERR_SIGNATURE', EXIT.refused, VERIFICATION],
  ['ERR_KEY_REFUSED', EXIT.refused, VERIFICATION],
  ['ERR_MALFORMED', EXIT.refused, VERIFICATION],
  ['ERR_ENTRY_*', EXIT.refused, VERIFICATION],
  ['ERR_LOG_*', EXIT.refused, VERIFICATION],
  ['ERR_CARD_*', EXIT.refused, VERIFICATION],
  ['ERR_SESSION_*', EXIT.refused, VERIFICATION],
  ['ERR_LOCKED', EXIT.locked, 'Unlock it with: kith unlock'],
  ['ERR_LOCK_BACKOFF', EXIT.locked, 'Wait until then, and try again.'],
  ['ERR_LOCK_*', EXIT.failure, 'Set a passphrase with: kith lock --set'],
  ['ERR_PASSPHRASE', EXIT.locked, 'Try again: kith unlock'],
  [
    'ERR_PASSPHRASE_NEEDED',
    EXIT.usage,
    'Run it in a terminal, or add --passphrase-file FILE (- for stdin).',
  ],
  ['ERR_PASSPHRASE_SIZE', EXIT.usage, 'A passphrase has 1 to 1,024 bytes of text.'],
  ['ERR_KEYRING', EXIT.failure, 'Nothing was changed: the passphrase opens it as before.'],
  ['ERR_HOME_IN_USE', EXIT.homeInUse, 'It goes on undisturbed. Stop it with: kith stop'],
  ['ERR_INTERRUPTED', EXIT.interrupted, 'Run the same command again.'],
  ['ERR_DEVICE_OUT', EXIT.refused, 'See why, and what to do, with: kith status'],
  ['ERR_DEVICE_RIGHT', EXIT.refused, 'See who linked which device with: kith devices'],
  ['ERR_DEVICE_SELF', EXIT.refused, 'To take this device out itself: kith devices leave'],
  ['ERR_NOT_FOUND', EXIT.failure, 'List what is there with: kith devices, kith contacts'],
  ['ERR_NOT_LINKED', EXIT.failure, 'On a device of your account run: kith link CODE'],
  ['ERR_NO_ACCOUNT', EXIT.failure, 'On a device of your account run: kith link CODE'],
  ['ERR_STORE_*', EXIT.failure, 'Look at the disk of the home: kith paths'],
  ['ERR_LOCAL_BUSY', EXIT.failure, 'End some of the other kith commands, then try again.'],
  ['ERR_LOCAL_*', EXIT.failure, 'Restart the device: kith stop, then kith up'],
  [
    'ERR_SOCKET_OWNER',
    EXIT.failure,
    'Run kith from the account of this computer that runs the device.',
  ],
  ['*', EXIT.failure, 'Look at the device with: kith status'],
]

/** The exit code of a command that ended with this error code. */
export function exitCodeOf(code: string): number {
  return lineOf(code)[1]
}

/** What a person does next after this error code, in one sentence. */
export function hintOf(code: string): string {
  return lineOf(code)[2]
}

function lineOf(code: string): Line {
  const line = TABLE.find(([pattern]) => fits(pattern, code))
  return line ?? ['*', EXIT.failure, 'Run: kith status']
}

function fits(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern
}
