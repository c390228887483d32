import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/eventually.ts'
import { temporaryFolder } from '../../test/terminal.ts'
import type { CallContext, Perform } from './connection.ts'
import type { LocalLimits } from './local-limits.ts'
import { type LocalServer, openLocalServer } from './server.ts'

interface Opened {
  readonly path: string
  readonly server: LocalServer
  readonly calls: { name: string; call: CallContext }[]
}

/** A socket whose calls do nothing but end, unless `perform` does more. */
async function open(
  perform: Perform = async () => undefined,
  limits: Partial<LocalLimits> = {},
): Promise<Opened> {
  const path = join(await temporaryFolder(), 'kith.sock')
  const calls: Opened['calls'] = []
  const server = await openLocalServer({
    path,
    limits,
    perform: async (name, input, call) => {
      calls.push({ name, call })
      await perform(name, input, call)
    },
  })
  onTestFinished(async () => {
    server.refuse()
    await server.close()
  })
  return { path, server, calls }
}

async function connect(path: string): Promise<Socket> {
  const socket = createConnection({ path, allowHalfOpen: true })
  socket.on('error', () => undefined)
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

/** Sends bytes and gives every line that comes back, up to the end. */
async function exchange(path: string, bytes: string | Uint8Array): Promise<unknown[]> {
  const socket = await connect(path)
  socket.write(bytes)
  return rest(socket)
}

async function rest(socket: Socket): Promise<unknown[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of socket) chunks.push(chunk)
  const text = new TextDecoder().decode(Buffer.concat(chunks))
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Asks something and gives the first line that comes back. */
async function firstAnswer(socket: Socket): Promise<unknown> {
  socket.write(request('messages'))
  const [chunk] = await once(socket, 'data')
  return JSON.parse(new TextDecoder().decode(chunk))
}

const request = (call: string): string => `${JSON.stringify({ kith: 1, call, input: {} })}\n`
const forever = (): Promise<void> => new Promise(() => undefined)
const error = (code: string) => [{ error: { code, message: expect.any(String), hint: null } }]

describe('CLI-12 a call', () => {
  test('CLI-12 one request, its answers, an end', async () => {
    const { path } = await open(async (_name, _input, { emit }) => {
      await emit({ event: 'stopped' })
    })
    expect(await exchange(path, request('status'))).toEqual([
      { event: { event: 'stopped' } },
      { end: true },
    ])
  })

  test('CLI-12 another version of the protocol is told so', async () => {
    const { path, calls } = await open()
    const asked = '{"kith":2,"call":"status","input":{},"new":true}\n'
    expect(await exchange(path, asked)).toEqual(error('ERR_LOCAL_VERSION'))
    expect(calls).toEqual([])
  })

  test('CLI-15 a command that goes ends its call', async () => {
    const { path, calls } = await open(forever)
    const socket = await connect(path)
    socket.write(request('messages'))
    await eventually(() => calls.length).toBe(1)
    socket.destroy()
    await eventually(() => calls[0]?.call.signal.aborted).toBe(true)
  })

  test('CLI-15 a command that goes does not end the others', async () => {
    const { path, calls } = await open(async (name) =>
      name === 'messages' ? forever() : undefined,
    )
    const gone = await connect(path)
    gone.write(request('messages'))
    const staying = await connect(path)
    staying.write(request('messages'))
    await eventually(() => calls.length).toBe(2)
    gone.destroy()
    await eventually(() => calls[0]?.call.signal.aborted).toBe(true)
    expect(await exchange(path, request('status'))).toEqual([{ end: true }])
    expect(calls[1]?.call.signal.aborted).toBe(false)
  })

  test('CLI-15 a slow reader slows the call and not the device', async () => {
    let sent = 0
    const { path } = await open(async (_name, _input, { emit, signal }) => {
      while (!signal.aborted) {
        await emit({ event: 'invite', code: 'x'.repeat(4000) })
        sent += 1
      }
    })
    const socket = await connect(path)
    socket.write(request('messages'))
    await eventually(() => sent).toBeGreaterThan(1)
    const other = await exchange(path, '{}\n')
    expect(other).toEqual(error('ERR_LOCAL_MALFORMED'))
    const before = sent
    await exchange(path, '{}\n')
    expect(sent - before).toBeLessThan(1000)
  })
})

describe('CLI-18 a question', () => {
  const seen = {
    device: 'd',
    name: 'phone',
    kind: 'cli',
    distance: 'near',
    digits: '246802',
  } as const
  const { signal } = new AbortController()
  const asking: Perform = async (_name, _input, { confirm, emit }) => {
    if (await confirm(seen, { signal })) await emit({ event: 'stopped' })
  }

  test.each([true, false])('CLI-18 is answered %j', async (confirmed) => {
    const { path } = await open(asking)
    const socket = await connect(path)
    socket.write(request('link'))
    await once(socket, 'readable')
    socket.write(`${JSON.stringify({ confirmed })}\n`)
    const answers = await rest(socket)
    expect(answers).toEqual([
      { confirm: seen },
      ...(confirmed ? [{ event: { event: 'stopped' } }] : []),
      { end: true },
    ])
  })

  test.each(['{"confirmed":1}\n', '{"confirmed":true,"more":1}\n', 'yes\n'])(
    'CLI-18 is not answered by %j',
    async (line) => {
      const { path } = await open(asking)
      const socket = await connect(path)
      socket.write(request('link'))
      await once(socket, 'readable')
      socket.write(line)
      expect(await rest(socket)).toEqual([{ confirm: seen }, ...error('ERR_LOCAL_MALFORMED')])
    },
  )

  test('CLI-18 is not answered before it is asked', async () => {
    const { path, calls } = await open(forever)
    expect(await exchange(path, `${request('link')}{"confirmed":true}\n`)).toEqual(
      error('ERR_LOCAL_MALFORMED'),
    )
    expect(calls[0]?.call.signal.aborted).toBe(true)
  })
})

describe('CLI-13 malformed requests', () => {
  test.each([
    ['no JSON', 'status\n'],
    ['an empty line', '\n'],
    ['a list', '[]\n'],
    ['null', 'null\n'],
    ['a number', '1\n'],
    ['no version', '{"call":"status","input":{}}\n'],
    ['a version that is none', '{"kith":"1","call":"status","input":{}}\n'],
    ['no call', '{"kith":1,"input":{}}\n'],
    ['no input', '{"kith":1,"call":"status"}\n'],
    ['an input that is a list', '{"kith":1,"call":"status","input":[]}\n'],
    ['a field too many', '{"kith":1,"call":"status","input":{},"x":1}\n'],
    ['__proto__', '{"kith":1,"call":"status","input":{},"__proto__":{}}\n'],
    ['no UTF-8', Uint8Array.of(0xc3, 0x28, 0x0a)],
    ['very deep JSON', `${'['.repeat(50_000)}\n`],
    // E1: a page in a browser cannot open a unix socket; were there a way, this is what it would send.
    [
      'E1 an HTTP request',
      'POST / HTTP/1.1\r\nHost: evil.test\r\nOrigin: http://evil.test\r\n\r\n',
    ],
    ['E1 a WebSocket', 'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
  ])('CLI-13 %s', async (_, bytes) => {
    const { path, calls } = await open()
    expect(await exchange(path, bytes)).toEqual(error('ERR_LOCAL_MALFORMED'))
    expect(calls).toEqual([])
    // The device goes on.
    expect(await exchange(path, request('status'))).toEqual([{ end: true }])
  })
})

describe('CLI-14 limits', () => {
  test('CLI-14 a request that is too long is refused while it comes', async () => {
    const { path, calls } = await open()
    expect(await exchange(path, 'x'.repeat(128 * 1024 + 1))).toEqual(error('ERR_LOCAL_TOO_LARGE'))
    expect(calls).toEqual([])
  })

  test('CLI-14 a connection that asks nothing is ended', async () => {
    const { path } = await open(undefined, { requestMs: 20 })
    expect(await rest(await connect(path))).toEqual([])
  })

  test('CLI-14 a refused command that does not hang up is cut off', async () => {
    const { path } = await open(undefined, { requestMs: 20, connections: 1 })
    const socket = await connect(path)
    socket.write('{}\n')
    await eventually(() => exchange(path, request('status'))).toEqual([{ end: true }])
  })

  test('CLI-14 more connections than allowed are told so; one that ends makes room', async () => {
    const served = { event: { event: 'stopped' } } as const
    const { path } = await open(
      async (_name, _input, { emit }) => {
        await emit(served.event)
        await forever()
      },
      { connections: 2 },
    )
    const [first, second] = [await connect(path), await connect(path)]
    for (const socket of [first, second]) expect(await firstAnswer(socket)).toEqual(served)
    expect(await firstAnswer(await connect(path))).toEqual(error('ERR_LOCAL_BUSY')[0])
    first.destroy()
    await eventually(async () => firstAnswer(await connect(path))).toEqual(served)
  })
})

describe('CLI-16 the end of the device', () => {
  test('CLI-16 every call but stop is told; stop is answered last', async () => {
    const stopped = Promise.withResolvers<void>()
    const { path, server, calls } = await open(async (name) => {
      await (name === 'stop' ? stopped.promise : forever())
    })
    const follower = await connect(path)
    follower.write(request('messages'))
    const stopper = await connect(path)
    stopper.write(request('stop'))
    await eventually(() => calls.length).toBe(2)
    server.refuse()
    expect(await rest(follower)).toEqual(error('ERR_NOT_RUNNING'))
    stopped.resolve()
    expect(await rest(stopper)).toEqual([{ end: true }])
    await server.close()
    await expect(connect(path)).rejects.toThrow('ENOENT')
  })

  test('CLI-16 a command that takes nothing is cut off', async () => {
    const { path, server, calls } = await open(forever, { closeMs: 20 })
    const socket = await connect(path)
    socket.write(request('messages'))
    await eventually(() => calls.length).toBe(1)
    server.refuse()
    await server.close()
    await once(socket.resume(), 'end')
  })
})

test('CLI-10 a socket that answers is not taken over', async () => {
  const { path } = await open()
  await expect(openLocalServer({ path, perform: async () => undefined })).rejects.toMatchObject({
    code: 'ERR_HOME_IN_USE',
  })
  expect(await exchange(path, request('status'))).toEqual([{ end: true }])
})
