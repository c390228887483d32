import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWebServer, type WebServer } from './web-server.ts'

const RELAY = '/ip4/127.0.0.1/tcp/4001/ws/p2p/relay'
let folder: string
let server: WebServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-pages-'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>')
  server = await startWebServer(() => [RELAY], folder)
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

describe('the pages of the demonstration', () => {
  test('WEB-11 are served with a policy that lets nothing else run', async () => {
    const { status, headers, body } = await get('/')
    expect([status, body]).toEqual([200, '<!doctype html><title>page</title>'])
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'")
  })

  test('know the relays', async () => {
    expect(JSON.parse((await get('/relays.json')).body)).toEqual([RELAY])
  })

  test('E1 are not served to a name that points here', async () => {
    expect((await get('/', { host: `evil.test:${server.port}` })).status).toBe(421)
    expect((await get('/relays.json', { host: 'evil.test' })).status).toBe(421)
  })

  test.each(['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/missing'])(
    'C6 stay in their folder: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404)
    },
  )

  test('are only for reading', async () => {
    expect((await get('/', {}, 'POST')).status).toBe(405)
  })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** A request as it stands: `fetch` would tidy the path and refuse the Host header. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: server.port, path, headers, method },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          body += part
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body }),
        )
      },
    )
    call.on('error', reject).end()
  })
}
