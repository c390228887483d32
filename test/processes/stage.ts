/** Homes of people on this machine, and the programs that run on them. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  kith,
  type Outcome,
  type Program,
  type Seen,
  startClosedRelay,
  startKith,
  startLoggingRelay,
  startRelay,
} from './programs.ts'

/** How often and how long a test asks: processes share two cores with everything else. */
export const WAIT = { timeout: 20_000, interval: 100 } as const

/** One device's home, whether its program runs or not. */
export interface Home {
  readonly path: string
  readonly program: Program
  /** Starts it again, as it was started first. */
  up(): Promise<Seen>
  kith(...argv: readonly string[]): Promise<Outcome>
  /** The first event of that name of a command that must work. */
  ask(event: string, ...argv: readonly string[]): Promise<Seen>
  /** Texts of the messages with a contact, oldest first. */
  texts(contact: string): Promise<readonly string[]>
}

/** A relay and where it can be reached, the same after a restart. */
export interface RelayHome {
  readonly path: string
  readonly address: string
  readonly program: Program
  up(): Promise<void>
}

/** How a relay is started. */
export interface RelayStart {
  readonly closed?: boolean
  readonly log?: boolean
  /** More flags for `kith-relay run`. */
  readonly flags?: readonly string[]
}

/** Everything one test started; all of it ends with it. */
export interface Stage extends AsyncDisposable {
  /** A new device; `ready` or `link-code` is what it says first, `within` the network namespace it runs in. */
  home(
    name: string,
    first: 'ready' | 'link-code',
    flags?: readonly string[],
    within?: string,
  ): Promise<Home>
  /** Open to everybody unless `closed`: then a device has to claim it. With `log` it writes a journal. */
  relay(options?: RelayStart): Promise<RelayHome>
  link(by: Home, fresh: Home): Promise<void>
  /** Makes two contacts of each other, named as given. */
  acquaint(
    inviter: Home,
    adder: Home,
    names: { readonly inviter: string; readonly adder: string },
  ): Promise<void>
}

export async function createStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-processes-'))
  const programs: Program[] = []

  function running(program: Program): Program {
    programs.push(program)
    return program
  }

  async function home(
    name: string,
    first: 'ready' | 'link-code',
    flags: readonly string[] = [],
    within?: string,
  ): Promise<Home> {
    const path = join(folder, name)
    const newDevice = first === 'link-code' ? ['--new-device'] : []
    const start = (): Program =>
      running(startKith(path, ['up', '--name', name, ...flags, ...newDevice], within))
    let program = start()
    await program.event(first)
    const run = (...argv: readonly string[]): Promise<Outcome> => kith(path, ...argv)
    async function ask(event: string, ...argv: readonly string[]): Promise<Seen> {
      const { code, events } = await run(...argv)
      const found = events.find((one) => one.event === event)
      if (found) return found
      throw new Error(`kith ${argv.join(' ')}: exit ${code}, ${JSON.stringify(events)}`)
    }
    return {
      path,
      get program() {
        return program
      },
      up: () => {
        program = start()
        return program.event('ready')
      },
      kith: run,
      ask,
      texts: async (contact) => {
        const { events } = await run('messages', contact)
        return events.filter(({ event }) => event === 'message').map(({ text }) => String(text))
      },
    }
  }

  async function relay({
    closed = false,
    log = false,
    flags: more = [],
  }: RelayStart = {}): Promise<RelayHome> {
    const startOpen = log ? startLoggingRelay : startRelay
    const startOne = closed ? startClosedRelay : startOpen
    const path = join(folder, 'relay')
    const flags = (port: string): readonly string[] => [
      ...['--listen', `/ip4/127.0.0.1/tcp/${port}`, '--stun', 'off', '--admin', '127.0.0.1:0'],
      ...more,
    ]
    let program = running(startOne(path, flags('0')))
    const ready = await program.event('ready')
    const address = String([ready['addresses']].flat()[0])
    const port = /\/tcp\/(\d+)/.exec(address)?.[1] ?? ''
    return {
      path,
      address,
      get program() {
        return program
      },
      up: async () => {
        program = running(startOne(path, flags(port)))
        await program.event('ready')
      },
    }
  }

  async function link(by: Home, fresh: Home): Promise<void> {
    const { code } = await fresh.program.event('link-code')
    await by.ask('linked', 'link', String(code), '--yes', '--far')
    await fresh.program.event('ready')
  }

  return {
    home,
    relay,
    link,
    acquaint: async (inviter, adder, names) => {
      const { code } = await inviter.ask('invite', 'contacts', 'invite')
      await adder.ask('contact', 'contacts', 'add', String(code), '--name', names.inviter)
      const { account } = await adder.program.event('ready')
      await inviter.ask('contact', 'contacts', 'rename', String(account), names.adder)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(programs.map((program) => program.kill('SIGKILL')))
      await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}
