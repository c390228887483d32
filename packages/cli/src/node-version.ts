/**
 * Which Node runs `kith`. This file is read by every Node there is: it imports nothing and uses no
 * syntax younger than modules.
 */

/** Oldest Node with everything the device needs (package.json, `engines`). */
const OLDEST = { major: 22, minor: 12 }

/** What is printed when Node is too old, in the form of every other error. */
export interface NodeRefusal {
  readonly event: 'error'
  readonly code: 'ERR_NODE_VERSION'
  readonly message: string
  readonly hint: string
}

/** Why this version of Node cannot run `kith`; undefined when it can. `version`: as `22.12.0`. */
export function nodeRefusal(version: string): NodeRefusal | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return undefined
  return {
    event: 'error',
    code: 'ERR_NODE_VERSION',
    message: `kith needs Node ${OLDEST.major}.${OLDEST.minor} or newer; this is ${version}.`,
    hint: 'Install a newer one from https://nodejs.org and run the same command again.',
  }
}
