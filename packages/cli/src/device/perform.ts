import { CommandError } from '../errors.ts'
import { CALLS, type CallInput, type CallName } from '../local/calls.ts'
import type { Perform } from '../local/connection.ts'
import type { Shape } from '../shape.ts'
import { addContact, inviteContact, listContacts, renameContact } from './contacts.ts'
import { exportLog } from './device-log.ts'
import { listDevices, renameDevice, tellStatus } from './devices.ts'
import { allowHistory, tellHistory } from './history.ts'
import { approveHistory, linkDevice, linkNearby, showLinkCodes, tellNearby } from './link.ts'
import {
  changePassphrase,
  lockNow,
  removePassphrase,
  setAutoLock,
  setKeyring,
  setPassphrase,
  tellUnlocked,
} from './lock.ts'
import { listMessages, listStarred, markRead, starMessage, unstarMessage } from './messages.ts'
import {
  addLabel,
  editChat,
  getSetting,
  listChats,
  listLabels,
  listSettings,
  putLabel,
  removeLabel,
  renameLabel,
  resetSetting,
  setSetting,
  showLabel,
  takeLabel,
  tellQuiet,
} from './preferences.ts'
import { askForWords, confirmWords, setCopies, showWords, tellRecovery } from './recovery.ts'
import {
  acceptContact,
  replaceContact,
  tellCode,
  unverifyContact,
  verifyContact,
} from './security-code.ts'
import { sendMessage } from './send.ts'
import type { Served, Serving } from './served.ts'
import { leaveAccount, readmitDevice, suspendDevice, tellAlerts, unlinkDevice } from './standing.ts'

/** What the running device does for the commands: checks the input of a call, then does it. */
export function performFor(served: Served): Perform {
  return async (name, input, call) => {
    const operation = operations.get(name)
    if (operation === undefined) {
      throw CommandError.of('ERR_LOCAL_MALFORMED', 'The running device knows no such call.')
    }
    // Each command is somebody who uses the device (LOCK-8).
    served.node.lock.touch()
    await operation(input, { ...served, ...call })
  }
}

type Operation = (input: unknown, serving: Serving) => Promise<void>

/** Every call there is: the compiler misses one that is not here. */
const OPERATIONS: Readonly<Record<CallName, Operation>> = {
  status: checked(CALLS.status, tellStatus),
  devices: checked(CALLS.devices, listDevices),
  'devices rename': checked(CALLS['devices rename'], renameDevice),
  contacts: checked(CALLS.contacts, listContacts),
  'contacts invite': checked(CALLS['contacts invite'], inviteContact),
  'contacts add': checked(CALLS['contacts add'], addContact),
  'contacts rename': checked(CALLS['contacts rename'], renameContact),
  'contacts verify': checked(CALLS['contacts verify'], verifyContact),
  'contacts unverify': checked(CALLS['contacts unverify'], unverifyContact),
  'contacts accept': checked(CALLS['contacts accept'], acceptContact),
  'contacts replace': checked(CALLS['contacts replace'], replaceContact),
  code: checked(CALLS.code, tellCode),
  send: checked(CALLS.send, sendMessage),
  messages: checked(CALLS.messages, listMessages),
  read: checked(CALLS.read, markRead),
  star: checked(CALLS.star, starMessage),
  unstar: checked(CALLS.unstar, unstarMessage),
  starred: checked(CALLS.starred, listStarred),
  chats: checked(CALLS.chats, listChats),
  'chats edit': checked(CALLS['chats edit'], editChat),
  labels: checked(CALLS.labels, listLabels),
  'labels add': checked(CALLS['labels add'], addLabel),
  'labels rename': checked(CALLS['labels rename'], renameLabel),
  'labels remove': checked(CALLS['labels remove'], removeLabel),
  'labels put': checked(CALLS['labels put'], putLabel),
  'labels take': checked(CALLS['labels take'], takeLabel),
  'labels show': checked(CALLS['labels show'], showLabel),
  settings: checked(CALLS.settings, listSettings),
  'settings get': checked(CALLS['settings get'], getSetting),
  'settings set': checked(CALLS['settings set'], setSetting),
  'settings reset': checked(CALLS['settings reset'], resetSetting),
  'settings quiet': checked(CALLS['settings quiet'], tellQuiet),
  link: checked(CALLS.link, linkDevice),
  'link show': checked(CALLS['link show'], showLinkCodes),
  'link nearby': checked(CALLS['link nearby'], linkNearby),
  nearby: checked(CALLS.nearby, tellNearby),
  'devices approve': checked(CALLS['devices approve'], approveHistory),
  'devices history': checked(CALLS['devices history'], allowHistory),
  history: checked(CALLS.history, tellHistory),
  'devices unlink': checked(CALLS['devices unlink'], unlinkDevice),
  'devices suspend': checked(CALLS['devices suspend'], suspendDevice),
  'devices readmit': checked(CALLS['devices readmit'], readmitDevice),
  'devices leave': checked(CALLS['devices leave'], leaveAccount),
  'devices alerts': checked(CALLS['devices alerts'], tellAlerts),
  recovery: checked(CALLS.recovery, tellRecovery),
  'recovery show': checked(CALLS['recovery show'], showWords),
  'recovery challenge': checked(CALLS['recovery challenge'], askForWords),
  'recovery copies': checked(CALLS['recovery copies'], setCopies),
  'recovery confirm': checked(CALLS['recovery confirm'], confirmWords),
  lock: checked(CALLS.lock, lockNow),
  'lock set': checked(CALLS['lock set'], setPassphrase),
  'lock change': checked(CALLS['lock change'], changePassphrase),
  'lock remove': checked(CALLS['lock remove'], removePassphrase),
  'lock auto': checked(CALLS['lock auto'], setAutoLock),
  'lock keyring': checked(CALLS['lock keyring'], setKeyring),
  unlock: checked(CALLS.unlock, tellUnlocked),
  'log export': checked(CALLS['log export'], exportLog),
  stop: checked(CALLS.stop, stopDevice),
}
const operations: ReadonlyMap<string, Operation> = new Map(Object.entries(OPERATIONS))

function checked<T>(
  shape: Shape<T>,
  run: (input: T, serving: Serving) => Promise<void>,
): Operation {
  return (input, serving) => run(shape.parse(input, 'input'), serving)
}

/** Answers only when the device has stopped, so that the next command finds the home free. */
async function stopDevice(_: CallInput<'stop'>, serving: Serving): Promise<void> {
  await serving.stop()
  await serving.emit({ event: 'stopped' })
}
