import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { NodeOptions } from '@kithmesh/node'
import type { CallReply, CallRequest, DeviceCalls } from './device-calls.ts'

/** A device running in its own process: its calls, its events, and how to end it. */
export interface DemoDevice extends DeviceCalls {
  readonly pid: number
  onEvent(listener: (event: string, detail: unknown) => void): void
  /** Resolves when the process is gone. */
  end(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('./device-process.js', import.meta.url))
/** How long a device may take to stop before its process is killed. */
const STOP_MS = 3_000

/** Starts a device in a process of its own and waits until it is up. */
export async function startDevice(options: NodeOptions): Promise<DemoDevice> {
  const child = fork(PROGRAM, [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  // Not inherited: a process that ends gives an inherited terminal back the mode it found it in.
  child.stderr?.pipe(process.stderr, { end: false })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const listeners = new Set<(event: string, detail: unknown) => void>()
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  const up = Promise.withResolvers<void>()

  child.on('message', (reply: CallReply) => {
    if ('event' in reply) {
      if (reply.event === 'up') up.resolve()
      for (const listener of listeners) listener(reply.event, reply.detail)
    } else if ('error' in reply) pending.get(reply.id)?.reject(new Error(reply.error))
    else pending.get(reply.id)?.resolve(reply.value)
  })
  void gone.then(() => {
    const over = new Error('the device process has ended')
    up.reject(over)
    for (const call of pending.values()) call.reject(over)
  })
  await up.promise

  let lastId = 0
  const call = (name: keyof DeviceCalls, args: readonly unknown[]): Promise<unknown> => {
    const request: CallRequest = { id: ++lastId, call: name, args }
    const answer = Promise.withResolvers<unknown>()
    pending.set(request.id, answer)
    child.send(request)
    return answer.promise.finally(() => pending.delete(request.id))
  }

  const own = {
    pid: child.pid ?? 0,
    onEvent: (listener: (event: string, detail: unknown) => void) => void listeners.add(listener),
    end: () => endProcess(child, gone),
  }
  // Every other property is a call; DeviceCalls types name, arguments and result.
  return new Proxy(own, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (name === 'then' ? undefined : (...args: unknown[]) => call(name as keyof DeviceCalls, args)),
  }) as DemoDevice
}

async function endProcess(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await gone
  clearTimeout(timer)
}
