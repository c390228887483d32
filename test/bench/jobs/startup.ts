import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { now } from '../clock.ts'
import type { Launch } from '../contenders/contender.ts'
import { type ContenderName, contenderNamed, OURS } from '../contenders/contenders.ts'
import { missingProgram } from '../installed.ts'
import { treeCostOf } from '../proc.ts'
import { type Figures, type Job, NOISE } from './job.ts'

/** Programs as a person starts them, and what they cost while nothing happens. */
export const startup: Job = {
  name: 'startup',
  title: 'from the command to ready, then idle (ours: kith up, and kith-relay beside it)',
  contenders: ['bare Node', 'syncthing', 'syncthing-relaysrv', 'coturn', OURS],
  measures: [
    { name: 'ready', unit: 'ms', means: 'from the start of the process to its first service' },
    { name: 'RSS', unit: 'MB', means: 'resident memory, idle' },
    { name: 'CPU', unit: 'ms', means: 'processor time of an idle minute' },
    { name: 'wake-ups', unit: 'per min', means: 'of all threads, idle' },
    { name: 'relay ready', unit: 'ms', means: 'the same of our relay' },
    { name: 'relay RSS', unit: 'MB', means: 'the same of our relay' },
  ],
  bars: [
    { measure: 'ready', against: 'syncthing', rule: 'at most', ratio: 0.25, noise: NOISE },
    { measure: 'wake-ups', against: 'syncthing', rule: 'at most', ratio: 0.1, noise: NOISE },
  ],
  goals: [
    { measure: 'RSS', most: 80 },
    { measure: 'relay ready', most: 1_000 },
    { measure: 'relay RSS', most: 90 },
  ],
  missing: missingProgram,
  prepare: async ({ scratch }) => {
    const launches = new Map<ContenderName, Launch>()
    const launchOf = async (name: ContenderName): Promise<Launch> => {
      const known = launches.get(name)
      if (known !== undefined) return known
      const program = (await contenderNamed(name)).program?.()
      if (program === undefined) throw new Error(`${name} is no program`)
      const made = await program.prepare(await mkdtemp(join(scratch, 'program-')))
      launches.set(name, made)
      return made
    }
    return async (contender) => {
      if (contender !== OURS) return measure(await launchOf(contender))
      const device = await measure(await launchOf('kith up'))
      const relay = await measure(await launchOf('kith-relay'))
      return { ...device, 'relay ready': relay.ready, 'relay RSS': relay.RSS }
    }
  },
}

/** What a program does behind being ready is over by then. */
const REST_MS = 8_000
/** So long it is watched. */
const IDLE_MS = 30_000
const MINUTE_MS = 60_000

async function measure(launch: Launch): Promise<Figures & Record<'ready' | 'RSS', number>> {
  const began = now()
  const child = spawn(launch.file, launch.args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...launch.env },
  })
  try {
    await Promise.race([launch.ready((pattern) => said(child, pattern)), ended(child)])
    const ready = now() - began
    child.stdout?.resume()
    await pause(REST_MS)
    const before = await treeCostOf(child.pid ?? 0)
    await pause(IDLE_MS)
    const after = await treeCostOf(child.pid ?? 0)
    const perMinute = MINUTE_MS / IDLE_MS
    return {
      ready,
      RSS: after.memory / 1_000_000,
      CPU: (after.cpu - before.cpu) * perMinute,
      'wake-ups': (after.wakeUps - before.wakeUps) * perMinute,
    }
  } finally {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

function said({ stdout }: ChildProcess, pattern: RegExp): Promise<void> {
  let text = ''
  return new Promise((resolve) => {
    stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (pattern.test(text)) resolve()
    })
  })
}

async function ended(child: ChildProcess): Promise<never> {
  await once(child, 'exit')
  throw new Error(`it ended with ${child.signalCode ?? child.exitCode}`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
