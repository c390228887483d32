/** A computer to run commands on: streams that remember, a keyboard, signals, a home. */

import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Io, NodeLibrary, StopSignal } from '../src/io.ts'
import { main } from '../src/main.ts'
import { NOW } from './fake-device.ts'

/** What is typed, and what kind of place it is typed in. */
export interface Seat {
  readonly tty?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array | Promise<never>
  /** Answers to the questions, in order; then the keyboard is closed. */
  readonly answers?: readonly string[]
  /** Nobody answers until the question is withdrawn. */
  readonly silent?: boolean
  readonly library?: NodeLibrary
  readonly keyring?: Io['keyring']
}

/** A command that runs, or has run. */
export interface Run {
  /** Its exit code. */
  readonly ended: Promise<number>
  readonly out: () => string
  readonly err: () => string
  /** stdout as JSON, one value per line. */
  readonly events: () => readonly unknown[]
  signal(signal: StopSignal): void
  /** Whether a signal would be heard. */
  listening(): boolean
}

/** A folder that is there for one test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'kith-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}

/** Starts a command. */
export function start(argv: readonly string[], seat: Seat = {}): Run {
  const text = { out: '', err: '' }
  const listeners = new Set<(signal: StopSignal) => void>()
  const ended = main(argv, ioOf(seat, text, listeners))
  return {
    ended,
    out: () => text.out,
    err: () => text.err,
    events: () => {
      return text.out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    signal: (signal) => {
      for (const listener of listeners) listener(signal)
    },
    listening: () => listeners.size > 0,
  }
}

/** Runs a command to its end. */
export async function run(
  argv: readonly string[],
  seat: Seat = {},
): Promise<Run & { code: number }> {
  const running = start(argv, seat)
  return { ...running, code: await running.ended }
}

/** As on a computer without a desktop. */
const NO_KEYRING: Io['keyring'] = { get: noKeyring, set: noKeyring, delete: noKeyring }

async function noKeyring(): Promise<never> {
  throw new Error("Couldn't access platform storage: AccessDenied")
}

function ioOf(
  seat: Seat,
  text: { out: string; err: string },
  listeners: Set<(signal: StopSignal) => void>,
): Io {
  const isTTY = seat.tty === true
  const answers = [...(seat.answers ?? [])]
  const columns = isTTY ? 80 : undefined
  const { stdin = '' } = seat
  return {
    env: { HOME: '/nowhere', ...seat.env },
    stdin: {
      isTTY,
      read: async ({ maxBytes }) => {
        const given = await stdin
        const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given
        return bytes.subarray(0, maxBytes + 1)
      },
    },
    stdout: {
      isTTY,
      columns,
      write: (written) => {
        text.out += written
      },
    },
    stderr: {
      isTTY,
      columns,
      write: (written) => {
        text.err += written
      },
    },
    ask: async (question, { signal }) => {
      text.err += question
      if (seat.silent !== true) return answers.shift()
      // As the line reader of Node does, whatever the reason of the signal.
      const withdrawn = new DOMException('The operation was aborted', 'AbortError')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(withdrawn)))
    },
    askSecret: async (question) => {
      text.err += question
      return answers.shift()
    },
    keyring: seat.keyring ?? NO_KEYRING,
    now: () => NOW,
    onSignal: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    loadNode: async () => {
      // CLI-26: every test without one proves that its command does not need it.
      if (seat.library === undefined) throw new Error('this command must not load the device')
      return seat.library
    },
  }
}
