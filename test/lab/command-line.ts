import { parseArgs } from 'node:util'
import { LADDER } from './line.ts'
import type { OutageName } from './outages.ts'

/** What a run of the lab is asked to do. */
export interface Request {
  readonly parts: readonly Part[]
  readonly json: boolean
  /** Puts the tables into docs/network.md. */
  readonly write: boolean
  /** Messages of each side on a rung. */
  readonly messages: number
  readonly rungs: readonly number[]
  /** Times each outage is suffered. */
  readonly runs: number
  /** Only these outages; all of them when empty. */
  readonly only: readonly OutageName[]
}

/** What the lab can try. */
export type Part = 'nat' | 'chromium' | 'ladder' | 'outages' | 'silences'

/** What `npm run lab -- --help` prints. */
export const USAGE = `npm run lab [-- PART… [options]]     (as root, on Linux)

Parts (default: all)
  nat       two devices behind every pair of four kinds of routers
  chromium  the same with a page in Chromium at one end
  ladder    two people on a line that gets worse, rung by rung
  outages   how long until words arrive again after a line, a relay or a machine was gone
  silences  the same after 1, 3 and 30 minutes without a word (35 minutes)

Options
  --messages N   of each side on a rung (default 100)
  --rungs A,B    only these of 0 to ${LADDER.length - 1}
  --runs N       times each outage is suffered (default 3)
  --only A,B     only these outages: relay, uplink, rebind, udp, partition, suspend
  --json         one JSON object per line on stdout
  --write        puts the tables into docs/network.md
  --help`

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
        messages: { type: 'string', default: '100' },
        rungs: { type: 'string' },
        runs: { type: 'string', default: '3' },
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const request: Request = {
      parts: chosen(positionals, PARTS, 'part'),
      json: values.json,
      write: values.write,
      messages: countOf(values.messages, 'messages'),
      rungs: chosen(wordsOf(values.rungs), RUNGS, 'rung').map(Number),
      runs: countOf(values.runs, 'runs'),
      only:
        wordsOf(values.only).length === 0 ? [] : chosen(wordsOf(values.only), OUTAGES, 'outage'),
    }
    return { kind: 'run', request }
  } catch (error) {
    return { kind: 'mistake', reason: error instanceof Error ? error.message : String(error) }
  }
}

const PARTS: readonly Part[] = ['nat', 'chromium', 'ladder', 'outages', 'silences']
const RUNGS: readonly string[] = LADDER.map((_, rung) => String(rung))
const OUTAGES: readonly OutageName[] = ['relay', 'uplink', 'rebind', 'udp', 'partition', 'suspend']

const wordsOf = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split(',')

/** Those that are asked for, in the order of the list; all of them when none is. */
function chosen<T extends string>(
  words: readonly string[],
  all: readonly T[],
  what: string,
): readonly T[] {
  const unknown = words.find((word) => all.every((one) => one !== word))
  if (unknown !== undefined) throw new Error(`no ${what} is called ${unknown}: ${all.join(', ')}`)
  return words.length === 0 ? all : all.filter((one) => words.includes(one))
}

function countOf(text: string, name: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new Error(`--${name} takes a whole number from 1 on, not ${text}`)
}
