import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JobOptions } from '../jobs/job.ts'

/** Homes of devices as they stand at the beginning of a round; `copy` gives a round its own. */
export interface Homes<Name extends string> {
  copy(): Promise<Readonly<Record<Name, string>> & AsyncDisposable>
}

/** Two devices of one account. */
export type LinkedHomes = Homes<'origin' | 'sibling'>

/** The devices of two accounts that are contacts. */
export type AcquaintedHomes = Homes<'asker' | 'answerer'>

/** What the account of {@link linkedHomes} holds. */
export interface LinkedPlan {
  /** Messages that both devices have. */
  readonly messages: number
  /** How many of them the origin starred, one by one, while the sibling was off. */
  readonly starred: number
}

/** What prepare-homes.ts is asked to make. */
export type Plan = ({ readonly kind: 'linked' } & LinkedPlan) | { readonly kind: 'acquainted' }

/** Makes the devices once per run: each round begins with the same disks. */
export function linkedHomes(options: JobOptions, plan: LinkedPlan): Promise<LinkedHomes> {
  return preparedHomes(options, { kind: 'linked', ...plan }, ['origin', 'sibling'])
}

/** As {@link linkedHomes}, for two accounts without a word between them. */
export function acquaintedHomes(options: JobOptions): Promise<AcquaintedHomes> {
  return preparedHomes(options, { kind: 'acquainted' }, ['asker', 'answerer'])
}

/** Waits until they are made; if that fails, every round of ours fails and the peers still run. */
async function preparedHomes<Name extends string>(
  options: JobOptions,
  plan: Plan,
  names: readonly Name[],
): Promise<Homes<Name>> {
  const prepared = preparedOnce(options, plan)
  await prepared.catch((error) => options.say(String(error)))
  return { copy: async () => copyOf(await prepared, names) }
}

/** Two jobs that begin alike share what they begin with. */
function preparedOnce(options: JobOptions, plan: Plan): Promise<string> {
  const key = JSON.stringify([options.scratch, plan])
  const known = preparedByKey.get(key) ?? prepare(options, plan)
  preparedByKey.set(key, known)
  return known
}

const preparedByKey = new Map<string, Promise<string>>()
let made = 0

async function prepare({ scratch, say }: JobOptions, plan: Plan): Promise<string> {
  const folder = join(scratch, `homes-${++made}`)
  await mkdir(folder)
  say(`preparing the devices: ${JSON.stringify(plan)}`)
  const child = fork(
    fileURLToPath(new URL('./prepare-homes.ts', import.meta.url)),
    [folder, JSON.stringify(plan)],
    {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error('the devices could not be prepared')
  return folder
}

async function copyOf<Name extends string>(
  folder: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>> & AsyncDisposable> {
  const copy = `${folder}-copy-${++made}`
  await cp(folder, copy, { recursive: true })
  const homes = Object.fromEntries(names.map((name) => [name, join(copy, name)]))
  return {
    ...(homes as Record<Name, string>),
    [Symbol.asyncDispose]: () => rm(copy, { recursive: true, force: true }),
  }
}
