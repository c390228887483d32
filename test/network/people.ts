/** What people do on devices of a network, without a process for each word they say. */

import { callDevice } from '../../packages/cli/src/local/client.ts'
import type { Home } from '../processes/stage.ts'
import type { NetworkHost } from './namespaces.ts'

/** A device finds others on the local network: there is no relay. */
export function flagsOn({ address }: NetworkHost): readonly string[] {
  return ['--listen', `/ip4/${address}/tcp/4001`]
}

/** Sends a text as `kith send` does; resolves when it is on the disk of the device. */
export function say(from: Home, contact: string, text: string): Promise<void> {
  const input = { contact, text, wait: 'none', timeoutMs: 1 } as const
  const call = { home: from.path, call: 'send', input, onEvent: () => undefined } as const
  return callDevice(call, { signal: AbortSignal.timeout(20_000) })
}

/** A whole number of the environment, or `usual`. */
export function countFrom(variable: string, usual: number): number {
  const value = process.env[variable]
  return value === undefined ? usual : Number(value)
}
