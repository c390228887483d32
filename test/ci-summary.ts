import { existsSync, readFileSync } from 'node:fs'

/** What of vitest's JSON report the summary is made from. */
export interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/** The one line that ends a run, and whether the run may count as green. */
export interface Summary {
  readonly line: string
  readonly green: boolean
}

/** A test file that failed before its first test counts as one failure; no test at all is none too few. */
export function summarize(report: TestReport | undefined): Summary {
  if (report === undefined) return { line: '0 passed, 0 failed', green: false }
  const broken = report.testResults.filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  )
  const passed = report.numPassedTests
  const failed = report.numFailedTests + broken.length
  const skipped = report.numPendingTests + report.numTodoTests
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return { line, green: passed > 0 && failed === 0 }
}

if (import.meta.main) {
  const path = process.argv[2] ?? ''
  const { line, green } = summarize(
    existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined,
  )
  console.log(line)
  process.exitCode = green ? 0 : 1
}
