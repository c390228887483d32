/** Needs the build (`npm run build`): the page is made of the packages as they are published. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccountId, createNode, type KithNode, MEMORY_HOME } from '@kithmesh/node'
import { createRelay, type Relay } from 'kith-relay'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type BrowserProcess, startBrowser } from './browser-process.ts'
import { type Bundle, buildBundle, serveBundle } from './bundle.ts'
import type { BundledPage } from './bundled-page.ts'

const WAIT = { timeout: 15_000, interval: 50 } as const

/** What a page may cost to load. It was 353 kB when splices and the ways of each device had come: half of it is libp2p. */
const MAX_GZIP_BYTES = 360_000

describe('@kithmesh/node in the bundle of a page', () => {
  let bundle: Bundle
  beforeAll(async () => {
    bundle = await buildBundle()
  })

  test('NET-2 it is the entry for pages, and asks for nothing of Node', async ({ annotate }) => {
    await annotate(`${Math.round(bundle.gzipBytes / 1_000)} kB gzip`)
    expect(bundle.nodeModules).toEqual([])
    const names = bundle.modules.map((id) => id.replace(/^.*\/packages\//, ''))
    expect(names).toContain('node/dist/index.browser.js')
    expect(names).toContain('net/dist/index.browser.js')
    const native = /\.node\.js$|node-datachannel|classic-level/
    expect(names.filter((name) => native.test(name))).toEqual([])
    expect(bundle.gzipBytes).toBeLessThan(MAX_GZIP_BYTES)
  })

  test('NET-7 the page asks its own server, its relay and its devices, and nobody else', async () => {
    const { site, browser, relay, phone, open, link } = await setStage(bundle)
    const { page, asked } = await browser.openTab(site)
    await open(page)
    await link(page)
    const other = await browser.openTab(site)
    await open(other.page, 'another')
    await link(other.page)
    const paths = async (): Promise<readonly string[]> => (await call(page, 'paths')).toSorted()
    await expect.poll(paths, WAIT).toEqual(['direct', 'lan', 'this'])

    const { requests, sockets, iceServers } = await asked()
    expect(requests).toContain(`${site}page.js`)
    expect(requests.filter((url) => !url.startsWith(site))).toEqual([])
    const known = [...relay.addresses, ...phone.addresses()].flatMap(socketsOf)
    expect(new Set(sockets.map(withoutSplice))).toEqual(new Set(known))
    expect(new Set(iceServers)).toEqual(new Set(['stun:127.0.0.1:3478']))
  })

  test('STO-1 STO-14 E3 reloaded, in a second tab, killed: one device that keeps what it sent', async () => {
    const { site, browser, ben, open, link, restartBrowser } = await setStage(bundle)
    const { page } = await browser.openTab(site)
    const device = await open(page)
    await link(page)
    await expect.poll(() => call(page, 'contacts'), WAIT).toMatchObject([{ devices: 1 }])
    const second = await browser.openTab(site)
    expect(await open(second.page)).toEqual({ code: 'ERR_HOME_IN_USE' })

    await page.reload()
    await expect.poll(() => open(page), WAIT).toEqual(device)
    await call(page, 'send', ben, 'before it was killed')
    const restarted = await restartBrowser()

    const again = await restarted.openTab(site)
    expect(await open(again.page)).toEqual(device)
    expect(await call(again.page, 'texts', ben)).toEqual(['before it was killed'])
  })

  test('WEB-46 LNK-21 a device in memory leaves nothing in the browser, open or closed', async () => {
    const { site, browser, phone, ben, open, link } = await setStage(bundle)
    const { page } = await browser.openTab(site)
    await open(page, MEMORY_HOME)
    await link(page)
    await expect.poll(() => call(page, 'contacts'), WAIT).toMatchObject([{ devices: 1 }])
    await call(page, 'send', ben, 'from a library')
    const session = (await phone.devices.list()).find(({ kind }) => kind === 'browser')
    const time = (session?.expiresAt ?? 0) - (session?.addedAt ?? 0)
    expect(Math.round(time / 3_600_000)).toBe(12)
    expect(await call(page, 'stored')).toEqual([])

    await page.close()
    const next = await browser.openTab(site)
    expect(await call(next.page, 'stored')).toEqual([])
  })

  test('STO-45 a home that is erased leaves nothing in the browser', async () => {
    const { site, browser, open, link } = await setStage(bundle)
    const { page } = await browser.openTab(site)
    await open(page)
    await link(page)
    expect(await call(page, 'stored')).toEqual(
      expect.arrayContaining(['database kith-keys-ada', 'local kith-anchor-ada']),
    )
    await call(page, 'stop')
    await call(page, 'erase', 'ada')
    expect(await call(page, 'stored')).toEqual([])
  })
})

interface Stage {
  /** URL of the page. */
  readonly site: string
  readonly browser: BrowserProcess
  readonly relay: Relay
  /** Ada's; the page is to become another device of hers. */
  readonly phone: KithNode
  /** Ada's contact. */
  readonly ben: AccountId
  /** Opens the device of a home, always the same one if not told. */
  readonly open: (page: Page, home?: string) => ReturnType<BundledPage['open']>
  readonly link: (page: Page) => Promise<void>
  /** Kills it and starts another on the same profile. */
  readonly restartBrowser: () => Promise<BrowserProcess>
}

async function setStage(bundle: Bundle): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = []
  onTestFinished(async () => {
    for (const close of closers.toReversed()) await close()
  })
  const closing = <T extends AsyncDisposable>(one: T): T => {
    closers.push(async () => one[Symbol.asyncDispose]())
    return one
  }
  const folder = await mkdtemp(join(tmpdir(), 'kith-bundle-'))
  closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const site = closing(await serveBundle(bundle))
  const relay = closing(await openRelay(join(folder, 'relay')))
  const openDevice = async (name: string, listen: readonly string[]): Promise<KithNode> =>
    closing(await createNode({ home: join(folder, name), name, relays: relay.addresses, listen }))
  const phone = await openDevice('phone', ['/ip4/127.0.0.1/tcp/0/ws'])
  const ben = await openDevice('ben', ['/ip4/127.0.0.1/tcp/0'])
  const { contact } = await phone.contacts.add((await ben.contacts.invite()).code)
  await ben.stop()

  const startTheBrowser = async (): Promise<BrowserProcess> => {
    const browser = await startBrowser(join(folder, 'profile'))
    closers.push(() => browser.kill())
    return browser
  }
  const browser = await startTheBrowser()
  const relays = relay.addresses.filter((address) => address.includes('/ws/'))
  return {
    site: site.url,
    browser,
    relay,
    phone,
    ben: contact,
    open: (page, home = 'ada') => call(page, 'open', { home, relays, newDevice: true }),
    link: async (page) => {
      const code = await call(page, 'linkCode')
      await phone.devices.link(code, { far: true, confirm: async () => true })
    },
    restartBrowser: async () => {
      await browser.kill()
      return startTheBrowser()
    },
  }
}

function openRelay(home: string): Promise<Relay> {
  const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
  return createRelay({ home, listen, admin: 'off', stun: 'off', open: true })
}

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

/** The URL of the WebSocket behind an address, as the browser writes it; none behind others. */
function socketsOf(address: string): readonly string[] {
  const [, host, port] = /^\/ip4\/([^/]+)\/tcp\/(\d+)\/ws\//.exec(address) ?? []
  return host === undefined ? [] : [`ws://${host}:${port}/`]
}

/** A spliced road is a WebSocket of its own to the same place (NET-70). */
function withoutSplice(url: string): string {
  return url.replace(/\/kith\/splice\/1$/, '/')
}
