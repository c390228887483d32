/** A copy of the protocol with one fault in it, and the checks that have to find it. */

import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Fault } from './device-log-faults.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
/** Histories are the same each time, so that what is caught is caught again. */
const SEED = '1'
const HISTORIES = '250'
/** A fault may make a check run for ever; that is caught too. */
const MAX_MS = 120_000

/** Which check a fault was caught by; undefined when it went unseen. */
export type Catch = 'the model' | 'the tests' | undefined

/** A place to plant faults, for one at a time. */
export interface Workbench {
  /** Whether the checks pass as things are. */
  check(): Promise<Catch>
  /** @throws Error when a fault fits nowhere, or twice */
  fit(fault: Fault): Promise<void>
  /** Plants a fault, runs the checks, and takes it out again. @throws Error as `fit` does */
  plant(fault: Fault): Promise<Catch>
  [Symbol.asyncDispose](): Promise<void>
}

/** Copies what the checks need to a folder of its own. */
export async function openWorkbench(): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-mutant-'))
  const protocol = join(folder, 'packages/protocol')
  for (const part of [
    'packages/protocol/src',
    'packages/protocol/test',
    'docs/spec',
    'package.json',
  ]) {
    await cp(join(repository, part), join(folder, part), { recursive: true })
  }
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))

  async function check(): Promise<Catch> {
    const model = [join(protocol, 'test/log-model/model-process.ts'), HISTORIES, SEED]
    if (!(await passes(folder, ['--disable-warning=ExperimentalWarning', ...model]))) {
      return 'the model'
    }
    const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
    const tests = TESTS.map((name) => `packages/protocol/src/identity/${name}.test.ts`)
    const only = [vitest, 'run', '--root', folder, '--bail', '1', '--maxWorkers', '1', ...tests]
    return (await passes(folder, only)) ? undefined : 'the tests'
  }

  const pathOf = ({ file }: Fault): string => join(protocol, 'src/identity', file)

  return {
    check,
    fit: async (fault) => void planted(await readFile(pathOf(fault), 'utf8'), fault),
    plant: async (fault) => {
      const path = pathOf(fault)
      const source = await readFile(path, 'utf8')
      await writeFile(path, planted(source, fault))
      try {
        return await check()
      } finally {
        await writeFile(path, source)
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const TESTS = [
  'log-rules',
  'log-recovery',
  'log-leftover',
  'log-rights',
  'entry-bodies',
  'log-limits',
  'log-examples',
  'log-file',
  'device-log',
  'log-forks',
  'log-intruders',
  'tampered-entries',
]

/** The source with the fault; it is part of the check that the rule still stands as the fault says. */
function planted(source: string, { name, from, to }: Fault): string {
  const pieces = source.split(from)
  if (pieces.length !== 2) throw new Error(`"${name}" fits ${pieces.length - 1} times, not once`)
  return pieces.join(to)
}

function passes(folder: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: 'ignore',
    timeout: MAX_MS,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code === 0))
  })
}
