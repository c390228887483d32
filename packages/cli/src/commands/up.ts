/** `kith up`: the device itself, in the foreground, until it is told to stop. */

import type { KithNode, NodeOptions } from '@kithmesh/node'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { writeOnly } from '../keyring.ts'
import { type LocalServer, openLocalServer } from '../local/server.ts'
import { prepareSocketPath } from '../local/socket-path.ts'
import type { Report } from '../report.ts'
import { oneLine } from '../terminal-text.ts'
import { followHistory } from './history.ts'
import { joinByCode, type Offering, offerLink } from './offer.ts'
import { type OpenDevice, openHome } from './open-home.ts'
import { WORDS_REMINDER } from './recovery.ts'
import { createResidence } from './residence.ts'
import { followStore } from './store-words.ts'
import { tellLeft, tellNews } from './up-news.ts'

/** What a person chose for the device that starts. */
export interface UpChoice {
  readonly home: string
  readonly name: string | undefined
  readonly relays: readonly string[]
  readonly listen: readonly string[]
  readonly lan: boolean
  readonly newDevice: boolean
  /** The code a device of the account shows; undefined: show one here. */
  readonly code: string | undefined
  readonly verbose: boolean
  /** Where the passphrase of a locked home is; undefined: ask for it where that can be done. */
  readonly passphraseFile: string | undefined
}

interface Place {
  readonly io: Io
  readonly report: Report
}

/**
 * Runs the device until a signal or `kith stop`. Resolves with the exit code: 130 after SIGINT, else 0.
 *
 * @throws ERR_HOME_IN_USE and what else starting a device throws
 */
export async function runDevice(choice: UpChoice, place: Place): Promise<number> {
  const stopping = new AbortController()
  const forget = place.io.onSignal((signal) => {
    place.report.talk('Stopping … (again to stop at once)')
    stopping.abort(signal)
  })
  try {
    place.report.talk('Starting …')
    await startAndServe(choice, { ...place, stopping })
  } finally {
    forget()
  }
  place.report.event({ event: 'stopped' })
  return stopping.signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok
}

interface Running extends Place {
  readonly stopping: AbortController
}

async function startAndServe(choice: UpChoice, running: Running): Promise<void> {
  const { createNode, parseMessageId, passphraseWarning } = await running.io.loadNode()
  const { signal } = running.stopping
  const open: OpenDevice = (unlock) => createNode({ ...nodeOptions(choice, running), ...unlock })
  const opening = openHome(open, { file: choice.passphraseFile, place: { ...running, signal } })
  const first = await unlessAborted(opening, signal)
  if (signal.aborted) return first?.stop()
  const stopped = Promise.withResolvers<void>()
  stopped.promise.catch(() => undefined)
  let server: LocalServer | undefined
  const residence = createResidence({
    first,
    open: (passphrase) => open({ passphrase, keyring: writeOnly(running.io.keyring) }),
    parseMessageId,
    passphraseWarning,
    announce: (node) => announce(node, { ...running, code: choice.code }),
    announceLocked: () => announceLocked(running),
    interrupt: (error) => server?.interrupt(error, { except: 'lock' }),
    stop: () => {
      running.stopping.abort('stop')
      return stopped.promise
    },
    signal,
  })
  try {
    // The home is ours by now, or locked: a socket that lies there was left by a device that was killed.
    const path = await prepareSocketPath(choice.home, running.io.env)
    server = await openLocalServer({ path, perform: residence.perform })
    await residence.live()
  } finally {
    server?.refuse()
    await residence.leave().then(stopped.resolve, stopped.reject)
    await server?.close()
  }
  await stopped.promise
}

/** A locked device stays, and waits. */
function announceLocked({ report }: Running): void {
  report.event({ event: 'locked' })
  report.print(
    'This device is locked: it receives nothing until you unlock it.',
    'Your other devices go on.',
    '  Next       kith unlock',
    '  Stop       Ctrl-C here, or kith stop',
  )
}

function nodeOptions(choice: UpChoice, { io, report, stopping }: Running): NodeOptions {
  const { home, name, relays, listen, lan, newDevice } = choice
  const log = (message: string, detail: Readonly<Record<string, unknown>> = {}): void => {
    const at = new Date(io.now()).toISOString()
    report.show(oneLine(`${at} ${message} ${JSON.stringify(detail)}`))
  }
  return {
    home,
    relays,
    lan,
    newDevice,
    ...(name === undefined ? {} : { name }),
    ...(listen.length === 0 ? {} : { listen }),
    ...(choice.verbose ? { logger: { debug: log, warn: log } } : {}),
    signal: stopping.signal,
  }
}

/** Links a device that is still to be linked, then says that it is there. */
async function announce(
  node: KithNode,
  { code, ...running }: Running & Pick<UpChoice, 'code'>,
): Promise<void> {
  const { signal } = running.stopping
  const isNew = node.account === undefined
  if (isNew) await link(node, code, { ...running, signal })
  const { account, device, name } = node
  if (account === undefined || signal.aborted) return
  tellNews(node, { report: running.report, signal })
  if (await tellLeft(node, running.report)) return
  const addresses = node.addresses()
  running.report.event({ event: 'ready', account, device, name, addresses, ui: null })
  running.report.print(
    `"${oneLine(name)}" is up.`,
    `  Account    ${account}`,
    ...addressLines(addresses),
    '  Next       kith contacts invite · kith link CODE · kith status',
    '  Stop       Ctrl-C here, or kith stop',
  )
  await followStore(node, { report: running.report, signal })
  await followHistory(node, { report: running.report, signal, isNew })
  if ((await node.recovery.state({ signal })) === 'kept') running.report.talk(WORDS_REMINDER)
}

/** By the code of a device of the account, or by showing one to it. */
function link(node: KithNode, code: string | undefined, offering: Offering): Promise<void> {
  return code === undefined ? offerLink(node, offering) : joinByCode(node, code, offering)
}

/** Addresses shown to people; the rest is in the JSON. */
const SHOWN_ADDRESSES = 3

function addressLines(addresses: readonly string[]): readonly string[] {
  const shown = addresses.slice(0, SHOWN_ADDRESSES)
  const more = addresses.length - shown.length
  return [
    ...shown.map((address) => `  Listening  ${oneLine(address)}`),
    ...(more > 0 ? [`             and ${more} more addresses`] : []),
  ]
}

/** The result; undefined when the work failed because the device is to stop. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
