/** `npm run lab`: real devices in networks of every kind. See docs/network.md. */

import { readFile, writeFile } from 'node:fs/promises'
import { missing } from '../network/namespaces.ts'
import { isLeaving, leaveNothing } from './belongings.ts'
import { runChromiumMatrix } from './chromium-matrix.ts'
import { type Part, type Request, readRequest, USAGE } from './command-line.ts'
import { sweepInternets } from './internet.ts'
import { runLadder } from './ladder.ts'
import { compilerMissing } from './line.ts'
import { ALL_PAIRS, type PairResult, runNatMatrix } from './nat-matrix.ts'
import {
  OUTAGES,
  type Outage,
  type OutageResult,
  runOutages,
  runSilences,
  SILENCES,
} from './outages.ts'
import {
  isOutageWell,
  isPairWell,
  isRungWell,
  ladderTable,
  natTable,
  outageTable,
} from './report.ts'

const asked = readRequest(process.argv.slice(2))
switch (asked.kind) {
  case 'help':
    console.log(USAGE)
    break
  case 'mistake':
    console.error(`${asked.reason}\n\n${USAGE}`)
    process.exitCode = 2
    break
  case 'run':
    await run(asked.request)
    break
}

/** What one part says: its table, and whether everything in it is as it should be. */
interface Outcome {
  readonly table: string
  readonly isWell: boolean
}

async function run(request: Request): Promise<void> {
  const why = missing + (request.parts.includes('ladder') ? compilerMissing : '')
  if (why !== '') {
    console.error(`The lab cannot work here${why}`)
    process.exitCode = 1
    return
  }
  await sweepInternets()
  const leaving = Promise.withResolvers<number>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void leaveNothing().then(() => leaving.resolve(130), leaving.reject))
  }
  // what is under way fails when its programs are gone: that is no news then
  const code = await Promise.race([leaving.promise, runParts(request)]).catch(async (error) => {
    if (!isLeaving()) throw error
    return leaving.promise
  })
  process.exit(code)
}

async function runParts(request: Request): Promise<number> {
  let isWell = true
  for (const part of request.parts) {
    const outcome = await runPart(part, request)
    isWell &&= outcome.isWell
    if (!request.json) console.log(`\n${outcome.table}\n`)
    if (request.write) await writeTable(part, outcome.table)
  }
  return isWell ? 0 : 1
}

async function runPart(part: Part, request: Request): Promise<Outcome> {
  switch (part) {
    case 'nat':
      return pairsOutcome(await runNatMatrix(ALL_PAIRS, teller(part, request, isPairWell)))
    case 'chromium':
      return pairsOutcome(await runChromiumMatrix(ALL_PAIRS, teller(part, request, isPairWell)))
    case 'ladder': {
      const told = teller(part, request, isRungWell)
      const results = await runLadder(request.rungs, request.messages, told)
      return { table: ladderTable(results), isWell: results.every(isRungWell) }
    }
    case 'outages': {
      const told = teller(part, request, isOutageWell)
      return outagesOutcome(await runOutages(chosen(OUTAGES, request), request.runs, told))
    }
    case 'silences': {
      const told = teller(part, request, isOutageWell)
      return outagesOutcome(await runSilences(chosen(SILENCES, request), told))
    }
  }
}

function chosen(outages: readonly Outage[], { only }: Request): readonly Outage[] {
  return outages.filter(({ name }) => only.length === 0 || only.includes(name))
}

function outagesOutcome(results: readonly OutageResult[]): Outcome {
  return { table: outageTable(results), isWell: results.every(isOutageWell) }
}

function pairsOutcome(results: readonly PairResult[]): Outcome {
  return { table: natTable(results), isWell: results.every(isPairWell) }
}

/** Says each result when it is there: as JSON on stdout, or shortly on stderr. */
function teller<R extends object>(
  part: Part,
  { json }: Request,
  isWell: (result: R) => boolean,
): (result: R) => void {
  return (result) => {
    const line = JSON.stringify({ event: part, ok: isWell(result), ...result })
    if (json) console.log(line)
    else console.error(line)
  }
}

/** Between the two comments that name the part. */
async function writeTable(part: Part, table: string): Promise<void> {
  const page = new URL('../../docs/network.md', import.meta.url)
  const text = await readFile(page, 'utf8')
  const [begin, end] = [`<!-- lab ${part} -->`, `<!-- /lab ${part} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/network.md has no place for ${part}`)
  await writeFile(page, `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`)
}
