/** The process of `kith`: its streams, signals, clock and exit. The composition root of the command. */

import { createInterface } from 'node:readline/promises'
import { EXIT } from './exit-codes.ts'
import type { Io, StopSignal, TextSink } from './io.ts'
import { main } from './main.ts'

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
    now: () => Date.now(),
    onSignal,
    loadNode: () => import('@kithmesh/node'),
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
