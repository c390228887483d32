import { registerHooks } from 'node:module'

/**
 * Loaded by `node --import`: processes that tests start read the sources of the workspace, as the
 * tests themselves do, and never a build that may be stale.
 */
const SOURCES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '@kithmesh/net': '../../../packages/net/src/index.ts',
    '@kithmesh/protocol': '../../../packages/protocol/src/index.ts',
    'kith-relay': '../index.ts',
  }).map(([name, path]) => [name, new URL(path, import.meta.url).href]),
)

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(SOURCES.get(specifier) ?? specifier, context),
})
