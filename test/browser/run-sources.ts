import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/**
 * Loaded by `node --import`: a process that a test starts reads the sources of the workspace, as the
 * tests themselves do, and never a build that may be stale.
 */
const root = new URL('../../', import.meta.url)
const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'))
const sources = new Map(
  Object.entries<[string]>(compilerOptions.paths).map(([name, [path]]) => [
    name,
    new URL(path, root).href,
  ]),
)

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(sources.get(specifier) ?? specifier, context),
})
