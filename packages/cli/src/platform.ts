/** The process of `kith`: its streams, signals, clock and exit. The composition root of the command. */

import { createInterface } from 'node:readline/promises'
import { EXIT } from './exit-codes.ts'
import type { Io, StopSignal, TextSink } from './io.ts'
import { systemKeyring } from './keyring.ts'
import { main } from './main.ts'
import { tidyMemory } from './tidy-memory.ts'

/** Runs a command in this process and ends the process with its exit code. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const code = await main(argv, processIo())
  await Promise.all([process.stdout, process.stderr].map(written))
  // Ends now: a handle that some library left open must not keep a finished command.
  process.exit(code)
}

/** `kith messages Ben | head`: whoever read has read enough. A device goes on without a reader. */
function ignoreClosedPipe(error: Error): void {
  if (!('code' in error && error.code === 'EPIPE')) throw error
}

async function written(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return
  await new Promise((resolve) => stream.write('', resolve))
}

function processIo(): Io {
  return {
    env: process.env,
    stdin: { isTTY: process.stdin.isTTY === true, read: ({ maxBytes }) => readStdin(maxBytes) },
    stdout: sink(process.stdout),
    stderr: sink(process.stderr),
    ask,
    askSecret,
    keyring: systemKeyring,
    now: () => Date.now(),
    onSignal,
    loadNode: () => {
      tidyMemory()
      return import('@kithmesh/node')
    },
  }
}

function sink(stream: NodeJS.WriteStream): TextSink {
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.isTTY ? stream.columns : undefined
    },
    write: (text) => {
      if (!stream.destroyed) stream.write(text)
    },
  }
}

async function readStdin(maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    const bytes: Uint8Array = chunk
    chunks.push(bytes)
    size += bytes.length
    if (size > maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1)
}

/** Not in terminal mode: there Ctrl-C would be a key and no signal. */
async function ask(
  question: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
  try {
    return await Promise.race([lines.question(question, { signal }), closed])
  } finally {
    lines.close()
  }
}

/** Longest line taken from the keyboard; a key that hangs must not fill the memory. */
const SECRET_MAX = 4096

/** Raw mode shows nothing of what is typed; in it Ctrl-C is a key, which here stays the signal. */
async function askSecret(
  question: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  try {
    return await typedLine(stdin, signal)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

function typedLine(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const typed: string[] = []
    const end = (settle: () => void): void => {
      stdin.off('data', take)
      stdin.off('end', close)
      signal.removeEventListener('abort', abort)
      settle()
    }
    const close = (): void => end(() => resolve(undefined))
    const abort = (): void => end(() => reject(signal.reason))
    const take = (text: string): void => {
      for (const key of text) {
        if (key === '\r' || key === '\n') return end(() => resolve(typed.join('')))
        if (key === END_OF_INPUT && typed.length === 0) return close()
        if (key === INTERRUPT) return void process.kill(process.pid, 'SIGINT')
        if (key === BACKSPACE || key === DELETE) typed.pop()
        else if (key === ERASE_LINE) typed.length = 0
        else if (key >= ' ' && typed.length < SECRET_MAX) typed.push(key)
      }
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    stdin.on('data', take)
    stdin.on('end', close)
    stdin.resume()
  })
}

/** Keys of a terminal in raw mode (ASCII): Ctrl-C, Ctrl-D, Ctrl-H, Ctrl-U, and the key above Enter. */
const [INTERRUPT, END_OF_INPUT, BACKSPACE, ERASE_LINE, DELETE] = [
  '\x03',
  '\x04',
  '\b',
  '\x15',
  '\x7f',
]

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
const listeners = new Set<(signal: StopSignal) => void>()
let stopping = false

/** The first signal asks the command to stop, the second stops the process. */
function onSignal(listener: (signal: StopSignal) => void): () => void {
  if (listeners.size === 0) for (const signal of SIGNALS) process.on(signal, tellAll)
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function tellAll(signal: StopSignal): void {
  if (stopping) process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.failure)
  stopping = true
  for (const listener of listeners) listener(signal)
}
