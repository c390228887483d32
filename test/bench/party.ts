import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Role } from './contenders/contender.ts'
import type { ContenderName } from './contenders/contenders.ts'
import type { Roles } from './roles/roles.ts'

/** Asks a process to run one function of its role; without an id it does not answer. */
export interface Call {
  readonly id?: number | undefined
  readonly name: string
  readonly argument: unknown
}

/** What came of a call; without an id, of one that nobody waits for. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id?: number | undefined; readonly error: string }

/** A process of a contender, with its modules loaded. */
export interface Party<R extends Role> extends AsyncDisposable {
  call<N extends FunctionOf<R>>(
    name: N,
    argument?: ArgumentOf<R, N>,
  ): Promise<Awaited<ResultOf<R, N>>>
  /** Asks without waiting: no answer disturbs what is being measured. */
  post<N extends FunctionOf<R>>(name: N, argument?: ArgumentOf<R, N>): void
}

type FunctionOf<R extends Role> = keyof Roles[R] & string
type ArgumentOf<R extends Role, N extends FunctionOf<R>> = Roles[R][N] extends (
  argument: infer A,
) => unknown
  ? A
  : never
type ResultOf<R extends Role, N extends FunctionOf<R>> = Roles[R][N] extends (
  ...all: never[]
) => infer T
  ? T
  : never

/** How processes are started. */
export interface PartyOptions {
  /** A folder for one CPU profile per process. */
  readonly profile?: string | undefined
}

/** Starts a process and waits until its modules are loaded. */
export async function startParty<R extends Role>(
  contender: ContenderName,
  role: R,
  { profile }: PartyOptions = {},
): Promise<Party<R>> {
  const name = `${role} of ${contender}`
  const child = fork(
    fileURLToPath(new URL('./party-process.ts', import.meta.url)),
    [contender, role],
    {
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        ...(profile === undefined ? [] : profiling(profile, `${contender}-${role}`)),
      ],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  )
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-MAX_COMPLAINT)
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const ready = Promise.withResolvers<unknown>()
  waiting.set(READY, ready)
  let failure: Error | undefined
  const fail = (reason: string): void => {
    failure ??= new Error(`${name}: ${reason}`)
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  child.on('exit', (code, signal) => fail(`exited with ${signal ?? code}\n${complaint}`))
  child.on('message', (message: 'ready' | Reply) => {
    if (message === 'ready') return ready.resolve(undefined)
    if ('error' in message) return fail(message.error)
    waiting.get(message.id)?.resolve(message.value)
    waiting.delete(message.id)
  })

  let calls = READY
  function ask(call: string, argument: unknown): Promise<unknown> {
    if (failure) return Promise.reject(failure)
    const id = ++calls
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    const deadline = setTimeout(() => fail(`no answer to ${call}\n${complaint}`), ANSWER_MS)
    child.send({ id, name: call, argument } satisfies Call)
    return answer.promise.finally(() => clearTimeout(deadline))
  }

  await ready.promise
  waiting.delete(READY)
  return {
    // Both ends of the channel are this file and party-process.ts: Roles is what travels.
    call: (call, argument) => ask(call, argument) as Promise<never>,
    post: (call, argument) => void child.send({ name: call, argument } satisfies Call),
    [Symbol.asyncDispose]: () => stop(child),
  }
}

/** Stands for the call that every process answers without being asked. */
const READY = 0

/** A step that takes longer has failed: the slowest peer needs 1 s for 10,000 records. */
const ANSWER_MS = 120_000

/** Enough of a process's last words to see what went wrong, in characters. */
const MAX_COMPLAINT = 2_000

/** A process that is told to go and does not, is killed. */
const STOP_MS = 5_000

const profiling = (folder: string, name: string): readonly string[] => [
  '--cpu-prof',
  `--cpu-prof-dir=${folder}`,
  `--cpu-prof-name=${name.replaceAll(/\W+/g, '-')}-${process.hrtime.bigint()}.cpuprofile`,
]

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.disconnect()
  await gone
  clearTimeout(deadline)
}
