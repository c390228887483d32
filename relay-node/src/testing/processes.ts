import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A `kith-relay` process that a test started. */
export interface RelayProcess {
  readonly child: ChildProcess
  /** Everything it wrote. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** The first line of stdout with that event; rejects when the process ends before. */
  event(name: string): Promise<Readonly<Record<string, unknown>>>
  /** Resolves with the exit code, also when it has exited already. */
  exit(): Promise<number | null>
}

/** Preloaded into every process a test starts. */
export const RUN_SOURCES: string = import.meta.resolve('./run-sources.ts')

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Starts the command from its source. `preload` is a module as text, run before it. */
export function startKithRelay(
  args: readonly string[],
  options: ProcessOptions = {},
): RelayProcess {
  return startProcess(path('../kith-relay.ts'), args, options)
}

/** What a process is given besides its arguments. */
export interface ProcessOptions {
  /** A module as text, run before it. */
  readonly preload?: string
  readonly env?: Record<string, string>
}

/** Starts a program from its source. */
export function startProcess(
  program: string,
  args: readonly string[],
  { preload, env = {} }: ProcessOptions = {},
): RelayProcess {
  const imports = [
    RUN_SOURCES,
    ...(preload === undefined ? [] : [`data:text/javascript,${encodeURIComponent(preload)}`]),
  ]
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      ...imports.flatMap((module) => ['--import', module]),
      program,
      ...args,
    ],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  return watch(child)
}

function watch(child: ChildProcess): RelayProcess {
  let stdout = ''
  let stderr = ''
  const lines: string[] = []
  const arrived = new EventTarget()
  const exited = once(child, 'close').then(() => {
    arrived.dispatchEvent(new Event('line'))
    return child.exitCode
  })
  child.stderr?.on('data', (chunk: Uint8Array) => {
    stderr += Buffer.from(chunk).toString()
  })
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`
      lines.push(line)
      arrived.dispatchEvent(new Event('line'))
    })
  }
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    exit: () => exited,
    async event(name) {
      for (;;) {
        const found = lines.map(parse).find((event) => event['event'] === name)
        if (found !== undefined) return found
        if (child.exitCode !== null) throw new Error(`It ended: ${stdout}${stderr}`)
        await once(arrived, 'line')
      }
    },
  }
}

function parse(line: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null) throw new Error(`Not an event: ${line}`)
  return { ...value }
}
