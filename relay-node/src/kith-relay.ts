#!/usr/bin/env node
/**
 * The command. Looks at the version of Node before it loads anything that needs a newer one, so
 * that an old Node gets a sentence instead of a stack trace.
 */

import { keepCompiled } from './compile-cache.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `kith-relay needs Node 22.12 or newer, and this is ${process.versions.node}.\n`,
  )
  process.exitCode = 1
} else {
  keepCompiled(process.env)
  const { main } = await import('./commands/cli.ts')
  await main(process.argv.slice(2))
}
