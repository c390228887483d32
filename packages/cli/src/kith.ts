#!/usr/bin/env node
/**
 * The command `kith`. Looks at the version of Node before it loads anything else, so that a Node
 * that is too old says so in one sentence instead of stopping on a syntax it does not know (CLI-25).
 */

import { keepCompiled } from './compile-cache.ts'
import { nodeRefusal } from './node-version.ts'

const refusal = nodeRefusal(process.versions.node)
if (refusal === undefined) {
  keepCompiled(process.env)
  const { runProcess } = await import('./platform.ts')
  await runProcess(process.argv.slice(2))
} else {
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(refusal)}\n`)
  else process.stderr.write(`kith: ${refusal.message} ${refusal.hint}\n`)
  process.exitCode = 1
}
