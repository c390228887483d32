import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Request, readRequest, USAGE } from './command-line.ts'
import { OURS } from './contenders/contenders.ts'
import { backlog } from './jobs/backlog.ts'
import { edits } from './jobs/edits.ts'
import type { Job, JobName } from './jobs/job.ts'
import { message } from './jobs/message.ts'
import { machineFacts } from './machine.ts'
import { concludeJob, headText, jobText, type Outcome } from './report.ts'
import { runRounds } from './rounds.ts'

const jobs: Readonly<Record<JobName, Job>> = { edits, backlog, message }

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
    process.exitCode = await run(asked.request)
    break
}

/** A missed bar is a finding; only a contender of ours that cannot run at all is a failure. */
async function run(request: Request): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'kith-bench-'))
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
  process.once('SIGINT', () => process.exit(130))
  if (request.profile !== undefined) await mkdir(request.profile, { recursive: true })
  try {
    const machine = await machineFacts(scratch)
    tell({ event: 'machine', ...machine, runs: request.runs }, headText(machine, request.runs))
    const outcomes: Outcome[] = []
    for (const name of request.jobs) outcomes.push(await runJob(jobs[name], request, scratch))
    tell({ event: 'done' }, '')
    return outcomes.every(oursRan) ? 0 : 1
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }

  function tell(line: object, text: string): void {
    console.log(request.json ? JSON.stringify(line) : text)
  }

  async function runJob(
    job: Job,
    { runs, records, profile }: Request,
    folder: string,
  ): Promise<Outcome> {
    const options = { runs, records, profile, scratch: folder, say }
    const turns = await runRounds(job, options, ({ round, contender, turn }) => {
      say(`${job.name} ${round}/${runs} ${contender}: ${JSON.stringify(turn)}`)
      if (request.json) tell({ event: 'turn', job: job.name, round, contender, ...turn }, '')
    })
    const outcome = concludeJob(job, turns)
    if (!request.json) tell({}, `\n${jobText(job, outcome)}`)
    else {
      for (const figure of outcome.figures) tell({ event: 'figure', job: job.name, ...figure }, '')
      for (const { bar, verdict } of outcome.bars) {
        tell({ event: 'bar', job: job.name, bar, verdict }, '')
      }
    }
    return outcome
  }
}

/** Progress, and what went wrong on the way. */
function say(line: string): void {
  console.error(line)
}

function oursRan({ figures }: Outcome): boolean {
  return figures.every(({ contender, summary }) => contender !== OURS || summary !== undefined)
}
