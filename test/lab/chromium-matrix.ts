/** The same as nat-matrix.ts, with a page in a Chromium of its own at one end. */

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { type Bundle, buildBundle } from '../browser/bundle.ts'
import type { BundledPage } from '../browser/bundled-page.ts'
import { chromiumFlags, chromiumMissing, findChromium } from '../chromium.ts'
import { createCrew, type Device, type LabRelay } from './crew.ts'
import { createInternet, type HomeHost } from './internet.ts'
import type { NatKind } from './nat.ts'
import type { PairResult } from './nat-matrix.ts'

const PATIENCE_MS = 30_000
const STEADY_MS = 5_000
const CARRIED_MS = 10_000
const LOOK_MS = 100

/** Pages are trusted on this host as on https; nobody answers there but the test (WebCrypto needs it). */
const SITE = 'http://localhost/'

/** Every pair that is asked for; the first of each is the page's. */
export async function runChromiumMatrix(
  pairs: readonly (readonly [NatKind, NatKind])[],
  onResult: (result: PairResult) => void,
): Promise<readonly PairResult[]> {
  const internet = await createInternet()
  const crew = await createCrew()
  const folder = await mkdtemp(join(tmpdir(), 'kith-lab-chromium-'))
  try {
    const relay = await crew.relay(internet.server)
    const bundle = await buildBundle()
    const laptop = crew.device('laptop', 'first')
    const results: PairResult[] = []
    for (const [page, other] of pairs) {
      const homes = [await internet.home(page), await internet.home(other)] as const
      const stage = { relay, bundle, laptop, homes, folder }
      const result = await tryPair(stage, { phone: page, laptop: other })
      results.push(result)
      onResult(result)
    }
    return results
  } finally {
    await crew[Symbol.asyncDispose]()
    await internet[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface Stage {
  readonly relay: LabRelay
  readonly bundle: Bundle
  readonly laptop: Device
  readonly homes: readonly [HomeHost, HomeHost]
  readonly folder: string
}

async function tryPair(
  { relay, bundle, laptop, homes, folder }: Stage,
  nats: Pick<PairResult, 'phone' | 'laptop'>,
): Promise<PairResult> {
  await laptop.start(homes[1].namespace, ['--relay', relay.tcp])
  const browser = await startChromium(homes[0].namespace, folder)
  try {
    const page = await openSite(browser, bundle)
    // a home of its own for each pair: nothing of the pair before helps
    const home = `page ${nats.phone} ${nats.laptop}`
    await call(page, 'open', { home, name: home, relays: [relay.ws], newDevice: true })
    await linkPage(page, laptop)
    const seen = await watch(page, laptop, home)
    // an account has eight devices at most, and there are sixteen pairs
    await laptop.ask('device', 'devices', 'unlink', home, '--yes')
    return { first: 'Chromium', ...nats, ...seen }
  } finally {
    await browser.close()
    await laptop.stop()
  }
}

const LINKING_MS = 60_000

/** A page that has just begun may not be at its relay yet when its code is read. */
async function linkPage(page: Page, laptop: Device): Promise<void> {
  for (const until = performance.now() + LINKING_MS; ; ) {
    const linked = laptop.ask('linked', 'link', await call(page, 'linkCode'), '--yes', '--far')
    const failure = await linked.then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (failure === undefined) return
    if (performance.now() > until) throw failure.error
    await delay(LOOK_MS * 10)
  }
}

async function watch(
  page: Page,
  laptop: Device,
  name: string,
): Promise<Omit<PairResult, 'first' | 'phone' | 'laptop'>> {
  const began = performance.now()
  const since = (): number => Math.round(performance.now() - began)
  let metMs = Number.POSITIVE_INFINITY
  let directSince: number | undefined
  while (since() < PATIENCE_MS) {
    const { path } = await laptop.path(name)
    const seen = [path, ...(await call(page, 'paths'))]
    if (path !== 'away') metMs = Math.min(metMs, since())
    const isDirect = path === 'direct' && seen.filter((one) => one === 'direct').length > 1
    directSince = isDirect ? (directSince ?? since()) : undefined
    if (directSince !== undefined && since() - directSince >= STEADY_MS) break
    await delay(LOOK_MS)
  }
  const carries = await carry(page, laptop, name)
  const { path, reason } = await laptop.path(name)
  return { path: path === 'this' ? 'away' : path, reason, metMs, directMs: directSince, carries }
}

/** A label made on each is on the other. */
async function carry(page: Page, laptop: Device, name: string): Promise<boolean> {
  const [here, there] = [`${name}, here`, `${name}, there`]
  await call(page, 'label', here)
  await laptop.call('labels add', { name: there })
  for (const until = performance.now() + CARRIED_MS; performance.now() < until; ) {
    const listed = await laptop.call('labels', {})
    const isThere = listed.some((event) => event.event === 'label' && event.name === here)
    if (isThere && (await call(page, 'labels')).includes(there)) return true
    await delay(LOOK_MS)
  }
  return false
}

/** It is told what to do over pipes, which know no namespaces. */
async function startChromium(namespace: string, folder: string): Promise<BrowserContext> {
  const path = findChromium()
  if (path === undefined) throw new Error(chromiumMissing)
  const wrapper = join(folder, `chromium-${namespace}`)
  await writeFile(wrapper, `#!/bin/sh\nexec nsenter --net=/run/netns/${namespace} ${path} "$@"\n`)
  await chmod(wrapper, 0o755)
  return chromium.launchPersistentContext(join(folder, `profile-${namespace}`), {
    executablePath: wrapper,
    args: [...chromiumFlags],
    headless: true,
  })
}

/** The page comes out of memory: there is no server in that network. */
async function openSite(browser: BrowserContext, { scripts }: Bundle): Promise<Page> {
  const page = await browser.newPage()
  await page.route(`${SITE}**`, (route) => {
    const name = new URL(route.request().url()).pathname.slice(1)
    const script = scripts.get(name)
    if (name === '') return route.fulfill({ contentType: 'text/html', body: HTML })
    if (script === undefined) return route.fulfill({ status: 404 })
    return route.fulfill({ contentType: 'text/javascript', body: script })
  })
  await page.goto(SITE)
  return page
}

const HTML = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'

/** Calls what bundled-page.ts put into the page. */
async function call<N extends keyof BundledPage>(
  page: Page,
  name: N,
  ...args: Parameters<BundledPage[N]>
): Promise<Awaited<ReturnType<BundledPage[N]>>> {
  await page.waitForFunction(() => 'page' in globalThis)
  return page.evaluate(([name, args]) => Reflect.get(globalThis, 'page')[name](...args), [
    name,
    args,
  ] as const)
}
