import { isNetError, probeRelay, type RelayProbe } from '@kithmesh/net'
import { systemClock } from '../environment.ts'
import { RelayError } from '../errors.ts'
import { createOutput } from './output.ts'

/** The flags of `kith-relay test`. */
export interface TestFlags {
  readonly json?: boolean
}

/** Tries each hop of a relay from here. Ends with 4 when one fails. @throws ERR_USAGE */
export async function testRelay(address: string, { json }: TestFlags): Promise<void> {
  const output = createOutput(json === true ? 'json' : 'text')
  let isWell = true
  try {
    for await (const probe of probeRelay(address, { clock: systemClock })) {
      output.event({ event: 'probe', ...probe })
      output.text(probeText(probe))
      isWell &&= probe.ok
    }
  } catch (error) {
    if (!isNetError(error, 'ERR_ADDRESS')) throw error
    throw new RelayError('ERR_USAGE', error.message, { cause: error })
  }
  // An add-on of WebRTC may hold threads: everything of ours is closed.
  process.exit(isWell ? 0 : UNREACHABLE)
}

const UNREACHABLE = 4

/** One line for a person, and one more for what to do. */
function probeText({ hop, ok, ms, detail, hint }: RelayProbe): string {
  const line = `${ok ? '✓' : '✗'} ${hop.padEnd(14)}${String(ms).padStart(5)} ms  ${detail ?? ''}`
  return hint === undefined ? line.trimEnd() : `${line.trimEnd()}\n  → ${hint}`
}
