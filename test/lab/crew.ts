/** Programs of the lab: a relay in the middle of the internet, and devices that can be started anywhere. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { AnswerEvent } from '../../packages/cli/src/events.ts'
import type { CallInput, CallName } from '../../packages/cli/src/local/calls.ts'
import { callDevice } from '../../packages/cli/src/local/client.ts'
import { ENV, within } from '../network/namespaces.ts'
import { kith, type Program, type Seen, startKith, startRelay } from '../processes/programs.ts'
import { remembered } from './belongings.ts'
import type { PublicHost } from './internet.ts'

/** One `kith`, in whatever network it is started. */
export interface Device {
  readonly name: string
  readonly home: string
  /** Starts it there; what it says first is `ready`, or the code by which a new one is linked. */
  start(namespace: string, flags?: readonly string[]): Promise<Seen>
  readonly program: Program
  stop(): Promise<void>
  /** The first event of that name of a command that must work. */
  ask(event: string, ...argv: readonly string[]): Promise<Seen>
  /** What a command asks of it, without a process for each time. */
  call<N extends CallName>(call: N, input: CallInput<N>): Promise<readonly AnswerEvent[]>
  /** How it reaches another device of its account now. */
  path(other: string): Promise<PathSeen>
}

/** As `kith status` says it. */
export interface PathSeen {
  readonly path: 'this' | 'lan' | 'direct' | 'relayed' | 'away'
  readonly reason: string
}

/** A `kith-relay` at the same address each time. */
export interface LabRelay {
  /** Multiaddrs by transport, to give to devices. */
  readonly tcp: string
  readonly ws: string
  start(): Promise<void>
  /** Ends it without a word to anybody. */
  kill(): Promise<void>
  /** Circuits and spliced roads that it carries now. */
  carried(): Promise<number>
}

/** The admin pages are for the machine of the relay alone. */
const SHOW_STATUS = `fetch('http://127.0.0.1:4003/status').then(async (answer) => console.log(await answer.text()))`

/** All of it ends with the crew. */
export interface Crew extends AsyncDisposable {
  device(name: string, kind: 'first' | 'new'): Device
  relay(on: PublicHost): Promise<LabRelay>
}

/** Makes a crew of nobody, with a folder for their homes. */
export async function createCrew(): Promise<Crew> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-lab-'))
  const running = new Set<Program>()

  function started(program: Program): Program {
    running.add(program)
    void program.ended.then(() => running.delete(program))
    return program
  }

  function device(name: string, kind: 'first' | 'new'): Device {
    const home = join(folder, name)
    let program: Program | undefined
    let isLinked = kind === 'first'
    const now = (): Program => {
      if (program === undefined) throw new Error(`${name} was not started`)
      return program
    }
    async function ask(event: string, ...argv: readonly string[]): Promise<Seen> {
      const { events } = await kith(home, ...argv)
      const found = events.find((one) => one.event === event)
      if (found) return found
      throw new Error(`kith ${argv.join(' ')} on ${name}: ${JSON.stringify(events)}`)
    }
    const call: Device['call'] = async (name, input) => {
      const seen: AnswerEvent[] = []
      const onEvent = (event: AnswerEvent): void => void seen.push(event)
      await callDevice(
        { home, call: name, input, onEvent },
        { signal: AbortSignal.timeout(20_000) },
      )
      return seen
    }
    return {
      name,
      home,
      get program() {
        return now()
      },
      start: (namespace, flags = []) => {
        const first = isLinked ? 'ready' : 'link-code'
        const words = ['up', '--name', name, ...flags, ...(isLinked ? [] : ['--new-device'])]
        isLinked = true
        const starting = started(startKith(home, words, namespace))
        program = starting
        // a busy machine takes its time, and what is measured begins later
        return starting.event(first).catch(() => starting.event(first))
      },
      stop: async () => {
        const ending = now()
        await kith(home, 'stop')
        // a device that would not stop must not hold up the lab
        const gone = await Promise.race([ending.ended.then(() => true), delay(5_000, false)])
        if (!gone) await ending.kill('SIGKILL')
      },
      ask,
      call,
      path: async (other) => {
        for (const event of await call('status', {})) {
          if (event.event !== 'status') continue
          const found = event.devices.find((one) => one.name === other)
          if (found !== undefined) return { path: found.path, reason: found.reason }
        }
        throw new Error(`${name} knows no device called ${other}`)
      },
    }
  }

  async function relay({ namespace, address }: PublicHost): Promise<LabRelay> {
    const home = join(folder, 'relay')
    let program: Program
    const start = async (): Promise<Seen> => {
      program = started(startRelay(home, ['--public-host', address], namespace))
      return program.event('ready')
    }
    const { addresses } = await start()
    const named = (pattern: RegExp): string => {
      const all = [addresses].flat().map(String)
      const found = all.find((one) => one.includes(`/${address}/`) && pattern.test(one))
      if (found === undefined) throw new Error(`the relay has no such address: ${all.join(' ')}`)
      return found
    }
    return {
      tcp: named(/\/tcp\/\d+\/p2p\//),
      ws: named(/\/ws\/p2p\//),
      start: async () => {
        await start()
      },
      kill: () => program.kill('SIGKILL'),
      carried: async () => {
        const [command, words] = within(namespace, process.execPath, '-e', SHOW_STATUS)
        const { stdout } = await promisify(execFile)(command, words, { env: ENV })
        const { circuits, splices = 0 } = JSON.parse(stdout)
        return Number(circuits) + Number(splices)
      },
    }
  }

  return remembered({
    device,
    relay,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...running].map((program) => program.kill('SIGKILL')))
      // a command that was just ended may still write its compiled code
      await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  })
}

/** Takes a new device into the account of another; both run. */
export async function link(by: Device, fresh: Device): Promise<void> {
  const { code } = await fresh.program.event('link-code')
  await by.ask('linked', 'link', String(code), '--yes', '--far')
  await fresh.program.event('ready')
}
