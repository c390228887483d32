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
import { addRelay, claimRelay, listRelays, relayUsage, removeRelay } from './relay.ts'
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
    if (!isCall(name)) {
      throw CommandError.of('ERR_LOCAL_MALFORMED', 'The running device knows no such call.')
    }
    // Each command is somebody who uses the device (LOCK-8).
    served.node.lock.touch()
    await answer(name, input, { ...served, ...call })
  }
}

/** What answers each call: the compiler misses one that is not here. */
const ANSWERS: {
  readonly [N in CallName]: (input: CallInput<N>, serving: Serving) => Promise<void>
} = {
  status: tellStatus,
  devices: listDevices,
  'devices rename': renameDevice,
  contacts: listContacts,
  'contacts invite': inviteContact,
  'contacts add': addContact,
  'contacts rename': renameContact,
  'contacts verify': verifyContact,
  'contacts unverify': unverifyContact,
  'contacts accept': acceptContact,
  'contacts replace': replaceContact,
  code: tellCode,
  send: sendMessage,
  messages: listMessages,
  read: markRead,
  star: starMessage,
  unstar: unstarMessage,
  starred: listStarred,
  chats: listChats,
  'chats edit': editChat,
  labels: listLabels,
  'labels add': addLabel,
  'labels rename': renameLabel,
  'labels remove': removeLabel,
  'labels put': putLabel,
  'labels take': takeLabel,
  'labels show': showLabel,
  settings: listSettings,
  'settings get': getSetting,
  'settings set': setSetting,
  'settings reset': resetSetting,
  'settings quiet': tellQuiet,
  relays: listRelays,
  'relay add': addRelay,
  'relay remove': removeRelay,
  'relay claim': claimRelay,
  'relay usage': relayUsage,
  link: linkDevice,
  'link show': showLinkCodes,
  'link nearby': linkNearby,
  nearby: tellNearby,
  'devices approve': approveHistory,
  'devices history': allowHistory,
  history: tellHistory,
  'devices unlink': unlinkDevice,
  'devices suspend': suspendDevice,
  'devices readmit': readmitDevice,
  'devices leave': leaveAccount,
  'devices alerts': tellAlerts,
  recovery: tellRecovery,
  'recovery show': showWords,
  'recovery challenge': askForWords,
  'recovery copies': setCopies,
  'recovery confirm': confirmWords,
  lock: lockNow,
  'lock set': setPassphrase,
  'lock change': changePassphrase,
  'lock remove': removePassphrase,
  'lock auto': setAutoLock,
  'lock keyring': setKeyring,
  unlock: tellUnlocked,
  'log export': exportLog,
  stop: stopDevice,
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(ANSWERS, name)
}

function answer<N extends CallName>(name: N, input: unknown, serving: Serving): Promise<void> {
  const shape: Shape<CallInput<N>> = CALLS[name]
  return ANSWERS[name](shape.parse(input, 'input'), serving)
}

/** Answers only when the device has stopped, so that the next command finds the home free. */
async function stopDevice(_: CallInput<'stop'>, serving: Serving): Promise<void> {
  await serving.stop()
  await serving.emit({ event: 'stopped' })
}
