import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The web app of the demonstration, served on this machine alone. */
export interface WebServer {
  readonly port: number
  close(): Promise<void>
}

const PAGES = fileURLToPath(new URL('./web', import.meta.url))
const PREFERRED_PORT = 5180

/** Serves the built page, and tells it which relays there are. `pages`: the folder it was built into. */
export async function startWebServer(
  relays: () => readonly string[],
  pages: string = PAGES,
): Promise<WebServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    // A name that points here is not this page's origin: refuse what DNS rebinding would bring (E1).
    if (!isLocal(request.headers.host)) return end(response, 421)
    if (request.method !== 'GET') return end(response, 405)
    if (pathname === '/relays.json') return sendJson(response, relays())
    void sendFile(response, pathname === '/' ? '/index.html' : pathname, pages)
  })
  const port = await listen(server, PREFERRED_PORT).catch(() => listen(server, 0))
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function isLocal(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(host)
}

async function sendFile(response: ServerResponse, path: string, pages: string): Promise<void> {
  const file = join(pages, normalize(path))
  const known = file.startsWith(pages) && (await stat(file).catch(() => undefined))?.isFile()
  if (!known) return end(response, 404)
  response.writeHead(200, {
    ...HEADERS,
    'content-type': TYPES.get(extname(file)) ?? 'application/octet-stream',
  })
  createReadStream(file).pipe(response)
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, HEADERS).end()
}

const TYPES = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])

/**
 * Scripts and styles of this page only, WebAssembly among them (Argon2id of the app lock);
 * connections anywhere, for devices and relays are anywhere.
 */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}
