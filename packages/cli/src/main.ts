import { CommandError, failureOf } from './errors.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import type { Io } from './io.ts'
import { createReport } from './report.ts'

/**
 * Runs one `kith` command and resolves with its exit code; never rejects. `argv`: the arguments after
 * the name of the command.
 *
 * @example
 * ```ts
 * const code = await main(['status', '--json'], io)
 * ```
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const report = createReport(io, { json: wantsJson(argv) })
  const interrupted = new AbortController()
  const forget = io.onSignal((signal) => {
    interrupted.abort(CommandError.of('ERR_INTERRUPTED', `Stopped by ${signal}.`))
  })
  try {
    const { runProgram } = await import('./program.ts')
    return await runProgram(argv, { io, report, signal: interrupted.signal })
  } catch (error) {
    const failure = failureOf(
      wasInterrupted(error, interrupted.signal) ? interrupted.signal.reason : error,
    )
    // A person who pressed Ctrl-C knows it.
    if (report.json || failure.code !== 'ERR_INTERRUPTED') report.failure(failure)
    return exitCodeOf(failure.code) ?? EXIT.failure
  } finally {
    forget()
  }
}

/** A question that Ctrl-C ended fails as aborted, and does not know why (CLI-21). */
function wasInterrupted(error: unknown, { aborted }: AbortSignal): boolean {
  return aborted && error instanceof Error && error.name === 'AbortError'
}

/** Known before the arguments are parsed, since wrong arguments are an error in JSON too. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}
