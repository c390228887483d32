/** Needs the build (`npm run build`): the page is made of the packages as they are published. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, type KithNode } from '@kithmesh/node'
import { createRelay, type Relay } from 'kith-relay'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { chromiumFlags, chromiumMissing, findChromium } from '../chromium.ts'
import { type Bundle, buildBundle, serveBundle } from './bundle.ts'
import type { BundledPage } from './bundled-page.ts'

const WAIT = { timeout: 15_000, interval: 50 } as const

/** What a page may cost to load; 260 kB when this was written. */
const MAX_GZIP_BYTES = 300_000

describe('@kithmesh/node in the bundle of a page', () => {
  let bundle: Bundle
  beforeAll(async () => {
    bundle = await buildBundle()
  })

  test('NET-2 it is the entry for pages, small, and asks for nothing of Node', async ({ annotate }) => {
    await annotate(`${Math.round(bundle.gzipBytes / 1_000)} kB gzip`)
    expect(bundle.nodeModules).toEqual([])
    const names = bundle.modules.map((id) => id.replace(/^.*\/packages\//, ''))
    expect(names).toContain('node/dist/index.browser.js')
    expect(names).toContain('net/dist/index.browser.js')
    expect(names.filter((name) => /\.node\.js$|node-datachannel|classic-level/.test(name))).toEqual([])
    expect(bundle.gzipBytes).toBeLessThan(MAX_GZIP_BYTES)
  })

  test('NET-7 WEB-11 the page asks its own server, its relay and its devices, and nobody else', async () => {
    const stage = await setStage(bundle)
    const { page, asked } = await openTab(stage)
    const { phone, relay } = stage
    expect(await linkTab(page, stage)).toMatchObject({ device: expect.any(String) })
    await expect.poll(() => call(page, 'paths'), WAIT).toEqual(['lan', 'this'])

    const allowed = [...relay.addresses, ...phone.addresses()].map(socketOf)
    expect(asked().requests).toEqual([`${stage.url}/`, 'data:,', `${stage.url}/page.js`])
    expect(asked().sockets).not.toEqual([])
    expect(asked().sockets.filter((url) => !allowed.includes(url))).toEqual([])
    expect(asked().stunServers.filter((url) => url !== 'stun:127.0.0.1:3478')).toEqual([])
  })

  test('STO-1 STO-14 E3 reloaded, opened twice, killed: one device that keeps what it sent', async () => {
    const stage = await setStage(bundle)
    const { page } = await openTab(stage)
    const first = await linkTab(page, stage)

    const { page: second } = await openTab(stage)
    expect(await open(second, stage)).toEqual({ code: 'ERR_HOME_IN_USE' })
    await page.reload()
    await expect.poll(() => open(page, stage), WAIT).toEqual(first)
    await call(page, 'send', stage.ben, 'before it is killed')
    await killBrowser(stage)

    const { page: again } = await openTab(stage)
    await expect.poll(() => open(again, stage), WAIT).toEqual(first)
    expect(await call(again, 'texts', stage.ben)).toEqual(['before it is killed'])
  })
})
