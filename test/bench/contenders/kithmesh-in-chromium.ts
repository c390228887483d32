import { fileURLToPath } from 'node:url'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { buildBundle, serveBundle } from '../../browser/bundle.ts'
import { chromiumFlags, chromiumMissing, findChromium } from '../../chromium.ts'
import type { Contender, TimedPair } from './contender.ts'
import type { SessionsPage } from './kithmesh-page.browser.ts'

/** Our sessions in a page of the machine's Chromium, bundled as a host would bundle them. */
export const kithmeshInChromium: Contender = { pair }

const PAGE = fileURLToPath(new URL('./kithmesh-page.browser.ts', import.meta.url))

/** The browser ends with this process: playwright sees to it. */
function pair(): TimedPair {
  let started: { readonly page: Page; readonly machine: CDPSession } | undefined
  return {
    start: async () => {
      const { url } = await serveBundle(await buildBundle(PAGE))
      const browser = await launch()
      const page = await browser.newPage()
      await page.goto(url)
      await page.waitForFunction(() => 'page' in globalThis)
      started = { page, machine: await browser.newBrowserCDPSession() }
    },
    run: async (way, count) => {
      if (started === undefined) throw new Error('not started')
      const { page, machine } = started
      const before = await pagesCpu(machine)
      const wall = await page.evaluate(
        ([way, count]) => {
          const page: SessionsPage = Reflect.get(globalThis, 'page')
          return page.run(way, count)
        },
        [way, count] as const,
      )
      return { wall, cpu: (await pagesCpu(machine)) - before }
    },
  }
}

async function launch(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(chromiumMissing)
  return chromium.launch({ executablePath, args: [...chromiumFlags] })
}

/** Milliseconds of CPU that the processes of all pages have used, on every thread. */
async function pagesCpu(machine: CDPSession): Promise<number> {
  const { processInfo } = await machine.send('SystemInfo.getProcessInfo')
  const pages = processInfo.filter(({ type }) => type === 'renderer')
  return pages.reduce((sum, { cpuTime }) => sum + cpuTime * 1_000, 0)
}
