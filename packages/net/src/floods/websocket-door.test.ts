import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createHost, type HostOptions } from '../index.ts'
import { testIdentity } from '../testing/fixtures.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** Port of a host that listens on WebSocket. */
async function listening(options: Partial<HostOptions> = {}): Promise<number> {
  const host = await createHost({
    identity: testIdentity('relay'),
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    ...options,
  })
  closers.push(() => host.stop())
  return Number(/\/tcp\/(\d+)/.exec(String(host.getMultiaddrs()[0]))?.[1])
}

function socketTo(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.resume()
  closers.push(() => socket.destroy())
  return socket
}

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n')

describe('NET-82 D1 a socket that does not come to the point is cut off', () => {
  test.each([
    ['nothing', ''],
    ['one byte', 'G'],
    ['half a request', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['an upgrade, and then no handshake', UPGRADE],
    ['a request for a page, kept alive', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('%s', async (_, words) => {
    const socket = socketTo(await listening())
    if (words !== '') socket.write(words)
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) })
  })

  test('a head of more than 8 KiB, at once', async () => {
    const socket = socketTo(await listening())
    socket.write(`GET / HTTP/1.1\r\nX-Long: ${'x'.repeat(9_000)}`)
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) })
  })

  test('a message that says it is larger than 256 KiB, before it came', async () => {
    const socket = socketTo(await listening())
    socket.write(UPGRADE)
    // a binary frame of 2^20 bytes, masked
    socket.write(Uint8Array.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4]))
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) })
  })
})

describe('NET-82 whoever is asked about sockets', () => {
  test('keeps one out before a byte of it is read', async () => {
    const socket = socketTo(await listening({ admit: () => undefined }))
    await once(socket, 'close')
    expect(socket.bytesRead).toBe(0)
  })

  test('hears once that one has become a WebSocket, or is gone', async () => {
    const left: string[] = []
    let asked = 0
    const port = await listening({
      admit: ({ remoteAddress }) => {
        asked += 1
        return () => void left.push(String(remoteAddress))
      },
    })
    const upgraded = socketTo(port)
    upgraded.write(UPGRADE)
    await expect.poll(() => left).toEqual(['127.0.0.1'])
    const gone = socketTo(port)
    await once(gone, 'connect')
    gone.destroy()
    await expect.poll(() => left).toHaveLength(2)
    upgraded.destroy()
    await expect.poll(() => asked).toBe(2)
    expect(left).toHaveLength(2)
  })
})
