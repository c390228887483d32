import { describe, expect, test } from 'vitest'
import { summarize, type TestReport } from './ci-summary.ts'

const report = (counts: Partial<TestReport>): TestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...counts,
})

describe('the line that ends .ci/run', () => {
  test('it names what passed and failed', () => {
    expect(summarize(report({ numPassedTests: 12 }))).toEqual({
      line: '12 passed, 0 failed',
      green: true,
    })
  })

  test('it names what was skipped', () => {
    const { line } = summarize(report({ numPassedTests: 1, numPendingTests: 2, numTodoTests: 1 }))
    expect(line).toBe('1 passed, 0 failed, 3 skipped')
  })

  test('a failed test turns it red', () => {
    const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] }
    const summary = summarize(
      report({ numPassedTests: 3, numFailedTests: 1, testResults: [failing] }),
    )
    expect(summary).toEqual({ line: '3 passed, 1 failed', green: false })
  })

  test('a file that did not load counts as a failure', () => {
    const broken = { status: 'failed', assertionResults: [] }
    expect(summarize(report({ numPassedTests: 3, testResults: [broken] }))).toEqual({
      line: '3 passed, 1 failed',
      green: false,
    })
  })

  test('a run without a test is not green', () => {
    expect(summarize(report({ numPendingTests: 4 })).green).toBe(false)
    expect(summarize(undefined)).toEqual({ line: '0 passed, 0 failed', green: false })
  })
})
