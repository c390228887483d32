import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld } from '../testing/running.ts'

const world = createWorld()
afterEach(() => world.stop())

async function withAdmin() {
  const relay = await world.relay({ admin: { host: '127.0.0.1', port: 0 } })
  return { relay, url: relay.admin ?? '' }
}

describe('admin pages', () => {
  test('RLY-14 tell that it lives, that it serves, and what it does', async () => {
    const { relay, url } = await withAdmin()
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const status = await (await fetch(`${url}/status`)).json()
    expect(status).toMatchObject({
      relay: relay.peer,
      access: 'open',
      reservations: 0,
      circuits: 0,
      bytes: 0,
      messagesHeld: 0,
      limits: { maxReservations: 256 },
    })
    expect(status.uptime).toBeGreaterThanOrEqual(0)
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
    expect((await fetch(`${url}/status`, { method: 'HEAD' })).status).toBe(200)
  })

  test('RLY-16 metrics are well-formed, and no label names anybody', async () => {
    const { relay, url } = await withAdmin()
    const text = await (await fetch(`${url}/metrics`)).text()
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) kith_relay_\w+ .+|kith_relay_\w+(\{reason="\w+"\})? \d+)$/,
      )
    }
    expect(text).toContain('kith_relay_reservations 0\n')
    expect(text).not.toContain(relay.peer)
    expect(text).not.toContain('127.0.0.1')
  })

  test.each(['evil.test', 'evil.test:4003', 'localhost.evil.test', '127.0.0.1.evil.test'])(
    'RLY-14 E1 a page of another name (%j) reads nothing',
    async (host) => {
      const { url } = await withAdmin()
      expect(await statusOf(`${url}/status`, { host })).toBe(421)
    },
  )

  test.each(['localhost', 'localhost:9', '127.0.0.1', '[::1]:80'])(
    'RLY-14 E1 under its own names (%j) it is read',
    async (host) => {
      const { url } = await withAdmin()
      expect(await statusOf(`${url}/status`, { host })).toBe(200)
    },
  )

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'RLY-14 E1 %s changes nothing',
    async (method) => {
      const { url } = await withAdmin()
      const response = await fetch(`${url}/status`, { method })
      expect(response.status).toBe(405)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  test('RLY-81 E1 the dashboard runs its own script and style and nothing else', async () => {
    const { url } = await withAdmin()
    const page = await fetch(`${url}/`)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("default-src 'none'")
    const text = await page.text()
    expect(text).not.toMatch(/(src|href)="(?!status")/)
    for (const tag of ['script', 'style']) {
      const inside = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)?.[1] ?? ''
      const hash = createHash('sha256').update(inside).digest('base64')
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`)
    }
  })

  test.each(['/claim-code', '/claim-code/another', '/reload'])(
    'RLY-72 E1 %s is for the socket of the home alone',
    async (path) => {
      const { url } = await withAdmin()
      expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(405)
      expect((await fetch(`${url}${path}`)).status).toBe(404)
    },
  )

  test('RLY-14 D1 half a request is not waited for', async () => {
    const { url } = await withAdmin()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow:')
    socket.resume()
    await once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  })

  test('RLY-14 open to others, it says so', async () => {
    const open = await world.relay({ admin: { host: '0.0.0.0', port: 0 } })
    expect(open.status().notices.map(({ code }) => code)).toEqual(['ADMIN_EXPOSED'])
    const { relay } = await withAdmin()
    expect(relay.status().notices).toEqual([])
  })

  test('RLY-14 a port that is taken is told', async () => {
    const { url } = await withAdmin()
    const admin = { host: '127.0.0.1', port: Number(new URL(url).port) }
    await expect(world.relay({ admin })).rejects.toMatchObject({ code: 'ERR_LISTEN' })
  })
})

function statusOf(url: string, headers: { readonly host: string }): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const ask = request(url, { headers }, (response) => {
    response.resume()
    resolve(response.statusCode)
  })
  ask.on('error', reject)
  ask.end()
  return promise
}
