/**
 * Runs the sources of the workspace as they are, as the tests do, with three things in another place: the
 * halves of lockboxes and the memory of signatures (SIM-6), and the one fault that `KITH_SIM_FAULT` plants.
 */

import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { FAULTS, planted } from './faults/faults.ts'

const at = (path: string): string => new URL(path, import.meta.url).href

const SOURCES: Readonly<Record<string, string>> = {
  '@kithmesh/protocol': at('../../packages/protocol/src/index.ts'),
  '@kithmesh/sync': at('../../packages/sync/src/index.ts'),
  '@kithmesh/net': at('../../packages/net/src/index.ts'),
  '@kithmesh/node': at('../../packages/node/src/index.ts'),
}

/** By who asks and what for. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  'lockbox/xwing.ts @noble/curves/ed25519.js': at('./substitutes/xwing-parts.ts'),
  'lockbox/xwing.ts @noble/post-quantum/ml-kem.js': at('./substitutes/xwing-parts.ts'),
  'identity/keys.ts @noble/ed25519': at('./substitutes/ed25519.ts'),
}

const name = process.env['KITH_SIM_FAULT']
const fault = FAULTS.find((one) => one.name === name)
if (name !== undefined && fault === undefined) throw new Error(`no fault is called "${name}"`)

registerHooks({
  resolve: (specifier, context, next) => {
    const asker = context.parentURL?.split('/').slice(-2).join('/')
    const url = SOURCES[specifier] ?? SUBSTITUTES[`${asker} ${specifier}`]
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (fault === undefined || !fileURLToFile(url).endsWith(`/packages/${fault.file}`))
      return loaded
    return { ...loaded, source: planted(String(loaded.source), fault) }
  },
})

function fileURLToFile(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}
