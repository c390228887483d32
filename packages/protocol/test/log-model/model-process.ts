/** The model as a process: `model-process.ts HISTORIES SEED` ends with 1 when a check did not hold. */

import { runModel, tell } from './run-model.ts'

const [histories = 1000, seed = 1] = process.argv.slice(2).map(Number)
const run = runModel({ histories, seed })
tell(run)
for (const [name, seeds] of run.broken) console.error(`${name}: KITH_LOG_SEED=${seeds[0]}`)
process.exitCode = run.broken.size > 0 ? 1 : 0
