import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** One call of a page, on its way to stage-process.ts. */
export interface StageCall {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

/** What came of a call. */
export type StageReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }

const waiting = new Map<number, PromiseWithResolvers<unknown>>()
let stage: ChildProcess | undefined
/** Why there is no stage any more; what was on it is gone, so there is no other. */
let ended: Error | undefined
let calls = 0

/** The command by which pages under test reach {@link StageCalls}; the process starts with the first call. */
export function stageCommand(
  _page: unknown,
  name: string,
  args: readonly unknown[],
): Promise<unknown> {
  if (ended !== undefined) return Promise.reject(ended)
  stage ??= startStage()
  const call: StageCall = { id: ++calls, name, args }
  const answer = Promise.withResolvers<unknown>()
  waiting.set(call.id, answer)
  stage.send(call)
  return answer.promise
}

/** A process of its own: what the page waits for must not wait for what serves the page. */
function startStage(): ChildProcess {
  const child = fork(fileURLToPath(new URL('./stage-process.ts', import.meta.url)), {
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      '--import',
      new URL('./run-sources.ts', import.meta.url).href,
    ],
  })
  child.on('message', (reply: StageReply) => {
    const answer = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('error' in reply) answer?.reject(new Error(reply.error))
    else answer?.resolve(reply.value)
  })
  child.on('exit', (code, signal) => {
    ended = new Error(`the process beside the page ended with ${signal ?? code}`)
    for (const { reject } of waiting.values()) reject(ended)
  })
  // it ends when its channel does, and keeps nobody here
  child.unref()
  child.channel?.unref()
  return child
}
