/** A Chromium of its own, with a profile on disk, that can be killed as a machine would kill it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { chromiumFlags, chromiumMissing, findChromium } from '../chromium.ts'

export interface BrowserProcess {
  /** A new tab at that address, and what it asks for from its first moment on. */
  openTab(url: string): Promise<Tab>
  /** Ends it without a word to anybody (SIGKILL). */
  kill(): Promise<void>
}

export interface Tab {
  readonly page: Page
  asked(): Promise<Asked>
}

/** Everything by which a page can reach somebody. */
export interface Asked {
  /** URLs of documents, scripts, fetches, … */
  readonly requests: readonly string[]
  /** URLs of WebSockets. */
  readonly sockets: readonly string[]
  /** ICE servers of WebRTC connections. */
  readonly iceServers: readonly string[]
}

export async function startBrowser(profile: string): Promise<BrowserProcess> {
  const path = findChromium()
  if (path === undefined) throw new Error(chromiumMissing)
  const flags = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`]
  const child = spawn(path, [...chromiumFlags, ...flags, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // a group of its own, so that all its processes can be killed at once
    detached: true,
  })
  const browser = await chromium.connectOverCDP(await debuggingUrl(child))
  const [context] = browser.contexts()
  if (context === undefined) throw new Error('a browser without a profile')
  return {
    openTab: (url) => openTab(context, url),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      const gone = once(child, 'exit')
      process.kill(-child.pid, 'SIGKILL')
      await gone
    },
  }
}

async function debuggingUrl({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('a browser without stderr')
  const said: string[] = []
  for await (const line of createInterface({ input: stderr })) {
    const url = /DevTools listening on (ws:.*)/.exec(line)?.[1]
    if (url !== undefined) return url
    said.push(line)
  }
  throw new Error(`the browser did not start: ${said.join('\n')}`)
}

async function openTab(context: BrowserContext, url: string): Promise<Tab> {
  const page = await context.newPage()
  const requests: string[] = []
  const sockets: string[] = []
  const network = await context.newCDPSession(page)
  network.on('Network.requestWillBeSent', ({ request }) => requests.push(request.url))
  network.on('Network.webSocketCreated', (socket) => sockets.push(socket.url))
  await network.send('Network.enable')
  await page.addInitScript(keepIceServers)
  await page.goto(url)
  return {
    page,
    asked: async () => {
      const iceServers = await page.evaluate((): string[] => Reflect.get(globalThis, 'iceServers'))
      return { requests, sockets, iceServers }
    },
  }
}

/** Runs in the page: the network log does not hold what WebRTC asks. */
function keepIceServers(): void {
  const seen: string[] = []
  Object.assign(globalThis, {
    iceServers: seen,
    RTCPeerConnection: new Proxy(RTCPeerConnection, {
      construct: (target, [configuration]: [RTCConfiguration?]) => {
        // who gives none gets the browser's: none
        seen.push(...(configuration?.iceServers ?? []).flatMap(({ urls }) => urls))
        return new target(configuration)
      },
    }),
  })
}
