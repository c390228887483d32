import { CommandError } from '../errors.ts'
import { CALLS, type CallInput, type CallName } from '../local/calls.ts'
import type { Perform } from '../local/connection.ts'
import type { Shape } from '../shape.ts'
import { addContact, inviteContact, listContacts, renameContact } from './contacts.ts'
import { linkDevice, listDevices, renameDevice, tellStatus } from './devices.ts'
import { listMessages, listStarred, starMessage, unstarMessage } from './messages.ts'
import { sendMessage } from './send.ts'
import type { Served, Serving } from './served.ts'

/** What the running device does for the commands: checks the input of a call, then does it. */
export function performFor(served: Served): Perform {
  return async (name, input, call) => {
    const operation = operations.get(name)
    if (operation === undefined) {
      throw CommandError.of('ERR_LOCAL_MALFORMED', 'The running device knows no such call.')
    }
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
  send: checked(CALLS.send, sendMessage),
  messages: checked(CALLS.messages, listMessages),
  star: checked(CALLS.star, starMessage),
  unstar: checked(CALLS.unstar, unstarMessage),
  starred: checked(CALLS.starred, listStarred),
  link: checked(CALLS.link, linkDevice),
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
