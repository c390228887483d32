import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { ownVectorsCommand } from './packages/protocol/test/vectors/read-vectors.ts'
import { stageCommand } from './test/browser/stage-command.ts'
import { chromiumFlags, findChromium } from './test/chromium.ts'
import { vectorsCommand } from './test/vectors/vectors-command.ts'

type Plugin = NonNullable<NonNullable<ViteUserConfig['plugins']>[number]>

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Tests read the sources, never a build; `net` and `node` have an entry of their own in a page. */
const sources = (entry: 'index' | 'index.browser'): Record<string, string> => ({
  '@kithmesh/protocol': source('packages/protocol/src/index.ts'),
  '@kithmesh/sync': source('packages/sync/src/index.ts'),
  '@kithmesh/net': source(`packages/net/src/${entry}.ts`),
  '@kithmesh/node': source(`packages/node/src/${entry}.ts`),
  '@kithmesh/cli': source('packages/cli/src/index.ts'),
  'kith-relay': source('relay-node/src/index.ts'),
})

/** Vite would put an empty module in the place of `node:…`, and the page would fail far from the cause. */
const noNodeModules: Plugin = {
  name: 'no-node-modules-in-a-page',
  enforce: 'pre',
  resolveId(id, importer) {
    if (!id.startsWith('node:') || importer === undefined) return
    if (importer.includes('/node_modules/')) return
    throw new Error(`${importer} imports ${id}, which no page has`)
  },
}

const tests = ['packages', 'relay-node', 'demo', 'test'].map((folder) => `${folder}/**/*.test.ts`)
/** What is waited for comes, or does not: the limit is no measure of how busy the machine may be. */
const patience = { poll: { timeout: 10_000 } } as const
const chromium = findChromium()
const report = process.env['KITH_TEST_REPORT']

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        resolve: { alias: sources('index') },
        test: {
          name: 'node',
          include: tests,
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.browser.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // What commands keep for their next start would be in the home of whoever runs the tests (CLI-104).
          env: { NODE_DISABLE_COMPILE_CACHE: '1' },
          expect: patience,
        },
      },
      // Without a Chromium, test/chromium.test.ts fails and says how to install one.
      ...(chromium === undefined
        ? []
        : [
            {
              plugins: [noNodeModules],
              resolve: { alias: sources('index.browser') },
              test: {
                name: 'chromium',
                include: tests.map((pattern) => pattern.replace('.test.', '.browser.test.')),
                exclude: ['**/node_modules/**', '**/dist/**'],
                testTimeout: 30_000,
                expect: patience,
                browser: {
                  enabled: true,
                  headless: true,
                  ui: false,
                  screenshotFailures: false,
                  commands: {
                    stage: stageCommand,
                    vectors: vectorsCommand,
                    ownVectors: ownVectorsCommand,
                  },
                  provider: playwright({
                    launchOptions: { executablePath: chromium, args: [...chromiumFlags] },
                  }),
                  instances: [{ browser: 'chromium' as const }],
                },
              },
            },
          ]),
    ],
  },
})
