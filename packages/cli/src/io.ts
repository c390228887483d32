import type { createNode, Keyring, parseMessageId, passphraseWarning } from '@kithmesh/node'

/** What `kith` needs of the package it drives; tests give a device of their own. */
export interface NodeLibrary {
  readonly createNode: typeof createNode
  readonly parseMessageId: typeof parseMessageId
  readonly passphraseWarning: typeof passphraseWarning
}

/** Somewhere text goes: a terminal, a pipe, a test. */
export interface TextSink {
  readonly isTTY: boolean
  /** Width of the terminal in cells; undefined when it is none. */
  readonly columns: number | undefined
  write(text: string): void
}

/** The signals that end a command. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Everything outside the program, given by the process that runs it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: {
    readonly isTTY: boolean
    /** All of it; of more than `maxBytes`, that many and one more. */
    read(options: { readonly maxBytes: number }): Promise<Uint8Array>
  }
  readonly stdout: TextSink
  readonly stderr: TextSink
  /** One line from the terminal; undefined when it was closed instead. Rejects when the signal aborts. */
  ask(question: string, options: { readonly signal: AbortSignal }): Promise<string | undefined>
  /** The same for what must not be seen: nothing that is typed is shown. */
  askSecret(
    question: string,
    options: { readonly signal: AbortSignal },
  ): Promise<string | undefined>
  /** The keyring of the operating system; its calls fail where there is none. */
  readonly keyring: Keyring
  /** ms since 1970 UTC */
  now(): number
  /** Calls `listener` for each signal; the result takes it off again. */
  onSignal(listener: (signal: StopSignal) => void): () => void
  /** Loads the device itself; only `kith up` does. */
  loadNode(): Promise<NodeLibrary>
}
