/**
 * Mutation testing of one room of packages/protocol: Stryker changes its sources in every way it knows,
 * one change at a time, and the room's own tests have to notice (docs/mutations.md).
 * `npm run mutations:stryker -- identity`, or `session`; names of files behind it narrow it to those.
 */

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIN_SCORE, summaryOf } from './summary.ts'

const ROOMS: readonly string[] = ['identity', 'session']
const SOURCES = 'packages/protocol/src'
/** Git-ignored: reports, and what came out last time, so that only what changed is tried again. */
const REPORTS = '.stryker'

const STRYKER: string = '@stryker-mutator/core'

/** Not the tests; nor compliance/, which is the suite that primitives-check.ts runs. */
const ALL = '!(*.test|primitives-check)'

const [room = '', ...files] = process.argv.slice(2)
if (!ROOMS.includes(room)) {
  console.error(`Which room? ${ROOMS.join(' or ')}`)
  process.exit(2)
}

/** What is used of it. It is installed beside this file, and not with the repository (see package.json here). */
interface StrykerModule {
  readonly Stryker: new (
    options: object,
  ) => { runMutationTest(): Promise<Parameters<typeof summaryOf>[0]> }
}

const { Stryker }: StrykerModule = await import(STRYKER)
const stryker = new Stryker({
  mutate: (files.length > 0 ? files : [ALL]).map((file) => `${SOURCES}/${room}/${file}.ts`),
  testRunner: 'vitest',
  vitest: {
    configFile: 'test/mutations/stryker/vitest.config.ts',
    dir: `${SOURCES}/${room}`,
    // Which tests meet a mutant is known from the first run; to ask the imports again takes seconds.
    related: false,
  },
  plugins: ['@stryker-mutator/vitest-runner', './test/mutations/stryker/ignore-sentences.ts'],
  ignorers: ['sentences'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A test that is slow only because the machine is busy must not pass for one that noticed.
  timeoutMS: 60_000,
  // The run is made in a copy outside of the repository, of what the room's tests need.
  tempDirName: join(tmpdir(), 'kith-stryker'),
  cleanTempDir: 'always',
  ignorePatterns: [
    '*',
    '!packages/protocol/{src,test}/**/*',
    '!docs/spec/*',
    '!test/mutations/stryker/vitest.config.ts',
    '!package.json',
  ],
  // Stryker reads it by an interface that TypeScript 7 does not have; the tests need none.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  incremental: true,
  incrementalFile: `${REPORTS}/${room}-last.json`,
  reporters: ['html', 'json', 'progress-append-only'],
  htmlReporter: { fileName: `${REPORTS}/${room}.html` },
  jsonReporter: { fileName: `${REPORTS}/${room}.json` },
})

const { score, text } = summaryOf(await stryker.runMutationTest())
console.log(text)
if (score < MIN_SCORE) process.exitCode = 1
