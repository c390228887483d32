import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Request, readRequest, USAGE } from './command-line.ts'
import { OURS } from './contenders/contenders.ts'
import { backlog } from './jobs/backlog.ts'
import { burst } from './jobs/burst.ts'
import { cold } from './jobs/cold.ts'
import { discovery } from './jobs/discovery.ts'
import { edits } from './jobs/edits.ts'
import { history } from './jobs/history.ts'
import type { Job, JobName } from './jobs/job.ts'
import { link } from './jobs/link.ts'
import { message } from './jobs/message.ts'
import { relay } from './jobs/relay.ts'
import { sessions } from './jobs/sessions.ts'
import { startup } from './jobs/startup.ts'
import { machineFacts } from './machine.ts'
import { jsonOutput, textOutput } from './output.ts'
import { concludeJob, type Outcome } from './report.ts'
import { runRounds } from './rounds.ts'

const jobs: Readonly<Record<JobName, Job>> = {
  edits,
  backlog,
  burst,
  cold,
  message,
  link,
  history,
  sessions,
  relay,
  discovery,
  startup,
}

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

/** A missed bar is a finding; only when ours cannot run at all has the run failed. */
async function run({ jobs: names, runs, records, json, profile }: Request): Promise<number> {
  const output = json ? jsonOutput : textOutput
  const scratch = await scratchFolder()
  if (profile !== undefined) await mkdir(profile, { recursive: true })
  output.machine(await machineFacts(scratch), runs)

  const outcomes: Outcome[] = []
  for (const job of names.map((name) => jobs[name])) {
    const options = { runs, records, profile, scratch, say: console.error }
    const turns = await runRounds(job, options, (told) => {
      const { round, contender, turn } = told
      console.error(`${job.name} ${round}/${runs} ${contender}: ${JSON.stringify(turn)}`)
      output.turn(job, told)
    })
    const outcome = concludeJob(job, turns)
    output.outcome(job, outcome)
    outcomes.push(outcome)
  }
  output.done()
  return outcomes.every(oursRan) ? 0 : 1
}

/** For what devices write; gone when this process is, however it ends. */
async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  return folder
}

function oursRan({ figures }: Outcome): boolean {
  return figures.every(({ contender, summary }) => contender !== OURS || summary !== undefined)
}
