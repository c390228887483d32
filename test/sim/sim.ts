/** `npm run sim`: whole worlds from seeds, and a page about them. See docs/simulator.md. */

import { type Request, readRequest, USAGE } from './command-line.ts'
import { reportOf, traceOf } from './report.ts'
import { INVARIANTS } from './story/invariant-names.ts'
import type { Told } from './worker.ts'
import { runWorlds } from './workers.ts'

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

async function run(request: Request): Promise<number> {
  const began = performance.now()
  let done = 0
  const onTold = (told: Told): void => {
    done += 1
    if (request.json) console.log(JSON.stringify(told))
    else if (told.findings.length > 0) console.error(`seed ${told.seed}: ${told.findings[0]?.how}`)
    else if (done % 500 === 0) console.error(`${done} worlds`)
  }
  const all = await runWorlds(request, { onTold })
  const seconds = (performance.now() - began) / 1000
  const wrong = all.filter(({ findings }) => findings.length > 0)
  if (request.json) {
    const seeds = wrong.map(({ seed }) => seed)
    console.log(JSON.stringify({ worlds: all.length, wrong: seeds, trace: traceOf(all), seconds }))
  } else console.log(reportOf({ request, all, invariants: INVARIANTS, seconds }))
  return wrong.length === 0 ? 0 : 1
}
