import { parseArgs } from 'node:util'
import type { JobName } from './jobs/job.ts'

/** What a run is asked to do. */
export interface Request {
  readonly jobs: readonly JobName[]
  readonly runs: number
  readonly records: number
  readonly json: boolean
  readonly profile: string | undefined
}

/** What `npm run bench -- --help` prints. */
export const USAGE = `npm run bench [-- JOB… [options]]

Jobs (default: all)
  edits     an edit is seen on a sibling
  backlog   a sibling comes back and catches up
  burst     many edits at once are seen on a sibling
  cold      account data of 50,000 edits: its size at rest, and opening it
  message   messages between two accounts
  link      a new device is linked
  history   a new device gets the messages of the account
  sessions  messages are sealed and opened, with nothing between
  relay     bytes between two devices that only a relay joins
  discovery a device is found on the local network
  startup   programs until they are ready, and what they cost idle

Options
  --runs N       rounds; in each, every contender runs once (default 5)
  --records N    of a backlog, a burst and a history (default 10000)
  --json         one JSON object per line on stdout
  --profile DIR  a CPU profile of every process of every contender, for finding out why
  --help

Figures are ratios within one run on one machine; a missed bar is told and is no failure.`

/** Reads the command line; a mistake is told in words. */
export function readRequest(
  words: readonly string[],
):
  | { readonly kind: 'run'; readonly request: Request }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly reason: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '5' },
        records: { type: 'string', default: '10000' },
        json: { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const request: Request = {
      jobs: jobsOf(positionals),
      runs: countOf(values.runs, 'runs'),
      records: countOf(values.records, 'records'),
      json: values.json,
      profile: values.profile,
    }
    return { kind: 'run', request }
  } catch (error) {
    return { kind: 'mistake', reason: error instanceof Error ? error.message : String(error) }
  }
}

const JOBS: readonly JobName[] = [
  'edits',
  'backlog',
  'burst',
  'cold',
  'message',
  'link',
  'history',
  'sessions',
  'relay',
  'discovery',
  'startup',
]

function jobsOf(words: readonly string[]): readonly JobName[] {
  const unknown = words.find((word) => JOBS.every((job) => job !== word))
  if (unknown !== undefined) throw new Error(`no job is called ${unknown}: ${JOBS.join(', ')}`)
  return words.length === 0 ? JOBS : JOBS.filter((job) => words.includes(job))
}

function countOf(text: string, name: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new Error(`--${name} takes a whole number from 1 on, not ${text}`)
}
