/** `kith up`: the device itself, in the foreground, until it is told to stop. */

import type { KithNode, NodeOptions } from '@kithmesh/node'
import { performFor } from '../device/perform.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { type LocalServer, openLocalServer } from '../local/server.ts'
import { prepareSocketPath } from '../local/socket-path.ts'
import type { Report } from '../report.ts'
import { oneLine } from '../terminal-text.ts'
import { offerLink } from './offer.ts'

/** What a person chose for the device that starts. */
export interface UpChoice {
  readonly home: string
  readonly name: string | undefined
  readonly relays: readonly string[]
  readonly listen: readonly string[]
  readonly lan: boolean
  readonly newDevice: boolean
  readonly verbose: boolean
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
  const { createNode, parseMessageId } = await running.io.loadNode()
  const { signal } = running.stopping
  const node = await unlessAborted(createNode(nodeOptions(choice, running)), signal)
  if (node === undefined) return
  const stopped = Promise.withResolvers<void>()
  stopped.promise.catch(() => undefined)
  const stop = (): Promise<void> => {
    running.stopping.abort('stop')
    return stopped.promise
  }
  let server: LocalServer | undefined
  try {
    // The home is ours by now: whatever socket lies there was left by a device that was killed.
    const path = await prepareSocketPath(choice.home, running.io.env)
    server = await openLocalServer({ path, perform: performFor({ node, parseMessageId, stop }) })
    await announce(node, running)
    await abortOf(signal)
  } finally {
    server?.refuse()
    await node.stop().then(stopped.resolve, stopped.reject)
    await server?.close()
  }
  await stopped.promise
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
async function announce(node: KithNode, running: Running): Promise<void> {
  const { signal } = running.stopping
  if (node.account === undefined) await offerLink(node, { ...running, signal })
  const { account, device, name } = node
  if (account === undefined || signal.aborted) return
  const addresses = node.addresses()
  running.report.event({ event: 'ready', account, device, name, addresses, ui: null })
  running.report.print(
    `"${oneLine(name)}" is up.`,
    `  Account    ${account}`,
    ...addressLines(addresses),
    '  Next       kith contacts invite · kith link CODE · kith status',
    '  Stop       Ctrl-C here, or kith stop',
  )
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

async function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
