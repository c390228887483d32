import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { Counters } from '../counters.ts'
import { isRelayError, RelayError, reasonOf } from '../errors.ts'
import { closeServer } from '../home/home-claim.ts'
import type { ClaimCode } from '../ownership/claim-code.ts'
import { DASHBOARD, DASHBOARD_POLICY } from './dashboard.ts'
import { metricsText } from './metrics.ts'
import type { RelayStatus } from './status.ts'

/** What may be asked of a relay on the socket of its home, which nobody but its owner on this machine opens. */
export interface AdminControl {
  claimCode(): Promise<ClaimCode | undefined>
  offerToAnother(): Promise<ClaimCode | undefined>
  reload(): Promise<void>
}

/** What the admin pages show. */
export interface AdminView {
  status(): RelayStatus
  readonly counters: Counters
}

/** The admin pages, served. */
export interface Admin {
  /** `http://host:port` */
  readonly url: string
  close(): Promise<void>
}

/** Where the admin pages are served. */
export interface AdminAddress {
  readonly host: string
  /** 0 for any. */
  readonly port: number
}

/** A request whose head takes longer is held open on purpose (rule RLY-14). */
const HEADERS_TIMEOUT_MS = 3_000
const REQUEST_TIMEOUT_MS = 10_000
/** Node looks for such requests every so often, also when there are none; we set a timer for each. */
const NEVER_MS = 2 ** 31 - 1
/** Whoever scrapes and looks at once; the rest is turned away. */
const MAX_CONNECTIONS = 64
const MAX_HEADER_BYTES = 8 * 1024

/** Serves the admin pages over TCP. @throws ERR_LISTEN */
export async function startAdmin(address: AdminAddress, view: AdminView): Promise<Admin> {
  const server = createAdminServer(view, { localName: address.host })
  const port = await listen(server, address)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return { url: `http://${host}:${port}`, close: () => closeServer(server) }
}

/** The same pages without an address: for the socket of the home too. */
export function createAdminServer(
  view: AdminView,
  options: { readonly localName?: string; readonly control?: AdminControl } = {},
): Server {
  const server = createServer(
    {
      connectionsCheckingInterval: NEVER_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      answerRequest(request, { ...options, view }).then(
        (answer) => respond(answer, response),
        () => respond({ status: 500, body: 'it failed\n' }, response),
      )
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  cutOffSlow(server)
  return server
}

/** A connection is for one request: so long for its head, and then for the answer. */
function cutOffSlow(server: Server): void {
  const timers = new WeakMap<Socket, NodeJS.Timeout>()
  const allow = (socket: Socket, ms: number): void => {
    clearTimeout(timers.get(socket))
    timers.set(
      socket,
      setTimeout(() => socket.destroy(), ms),
    )
  }
  server.on('connection', (socket) => {
    allow(socket, HEADERS_TIMEOUT_MS)
    socket.once('close', () => clearTimeout(timers.get(socket)))
  })
  server.on('request', ({ socket }) => allow(socket, REQUEST_TIMEOUT_MS))
}

interface Answer {
  readonly status: number
  readonly type?: 'application/json' | 'text/plain' | 'text/html'
  readonly body: string
  readonly policy?: string
}

interface Asked {
  readonly view: AdminView
  readonly localName?: string
  readonly control?: AdminControl
}

async function answerRequest(
  { method, url, headers }: IncomingMessage,
  { view, localName, control }: Asked,
): Promise<Answer> {
  if (!isOwnName(headers.host ?? '', localName)) return { status: 421, body: 'not this host\n' }
  const path = url?.split('?')[0] ?? ''
  if (method === 'POST' && control !== undefined) return answerControl(path, control)
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET\n' }
  switch (path) {
    case '/':
      return { status: 200, type: 'text/html', body: DASHBOARD, policy: DASHBOARD_POLICY }
    case '/healthz':
      return { status: 200, body: 'ok\n' }
    case '/readyz':
      return view.status().ready
        ? { status: 200, body: 'ready\n' }
        : { status: 503, body: 'not ready\n' }
    case '/status':
      return json(view.status())
    case '/metrics':
      return { status: 200, body: metricsText(view.status(), view.counters) }
    default:
      return { status: 404, body: 'not found\n' }
  }
}

/** What changes something: on the socket of the home alone (RLY-14). */
async function answerControl(path: string, control: AdminControl): Promise<Answer> {
  switch (path) {
    case '/claim-code':
      return json((await control.claimCode()) ?? {})
    case '/claim-code/another':
      return json((await control.offerToAnother()) ?? {})
    case '/reload':
      return control.reload().then(
        () => json({}),
        (error: unknown) => json(isRelayError(error) ? { error: error.toJSON() } : { error: {} }),
      )
    default:
      return { status: 404, body: 'not found\n' }
  }
}

function json(value: object): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/**
 * A page of another site can make a browser send requests here under its own name (DNS
 * rebinding, catalogue E1); under an address, `localhost` or our own name it cannot.
 */
function isOwnName(host: string, localName: string | undefined): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  const address = name.replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === localName?.toLowerCase() || isIP(address) !== 0
}

function respond(
  { status, type = 'text/plain', body, policy = NO_CONTENT }: Answer,
  response: ServerResponse,
): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy': policy,
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    // Nothing of a body is read: a client that sends one is cut off behind the answer.
    connection: 'close',
  })
  response.end(body)
}

const NO_CONTENT = "default-src 'none'; frame-ancestors 'none'"

async function listen(server: Server, { host, port }: AdminAddress): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    throw new RelayError('ERR_LISTEN', `Cannot serve the admin pages: ${reasonOf(error)}`, {
      cause: error,
      hint: 'Choose another port with --admin 127.0.0.1:PORT, or --admin off.',
    })
  } finally {
    server.off('error', reject)
  }
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}
