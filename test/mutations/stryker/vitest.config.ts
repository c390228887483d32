import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Notices most by itself, in milliseconds. */
const FIRST = ['log-rules', 'log-recovery', 'log-leftover', 'log-rights', 'entry-bodies']
/** Take seconds: a mutant that was noticed before never gets to them. */
const LAST = [
  'session-attack',
  'session',
  'session-events',
  'device-log',
  'log-forks',
  'log-intruders',
  'tampered-entries',
  'log-limits',
  'device-log-model',
]
/** Take seconds as well, and say nothing that the others do not. */
const LEFT_OUT = ['log-examples', 'session-schedule']

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const indexIn = (names: readonly string[]): number =>
    names.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
  return indexIn(FIRST) >= 0 ? -1 : indexIn(LAST) + 1
}

/**
 * The tests that Stryker runs for each mutant: those of one room of packages/protocol, which it names.
 * What is random is little and the same each time, so that what is noticed is noticed again.
 */
export default defineConfig({
  // Not in the node_modules of the repository, which the copy has as a link.
  cacheDir: '.vite',
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/*.browser.test.ts', ...LEFT_OUT.map((name) => `**/${name}.test.ts`)],
    env: {
      KITH_LOG_HISTORIES: '60',
      KITH_LOG_SEED: '1',
      KITH_SESSION_EVENTS: '2',
      KITH_SESSION_SEED: '1',
    },
    sequence: { sequencer: QuickFirst },
    testTimeout: 60_000,
  },
})
