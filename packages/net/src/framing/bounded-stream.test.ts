import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { describe, expect, test } from 'vitest'
import { createHost, type Host } from '../index.ts'
import { testIdentity } from '../testing/fixtures.ts'
import { BoundedReader } from './bounded-reader.ts'
import { writeBytes } from './stream-writer.ts'

const MIB = 1024 * 1024

async function collect(stream: Stream): Promise<number> {
  let bytes = 0
  for await (const chunk of new BoundedReader(stream)) bytes += chunk.byteLength
  return bytes
}

describe('NET-10 a stream over TCP', () => {
  async function connected(
    run: (ends: { out: Stream; into: Stream; hosts: readonly Host[] }) => Promise<void>,
  ): Promise<void> {
    const ada = await createHost({ identity: testIdentity('ada') })
    const ben = await createHost({
      identity: testIdentity('ben'),
      listen: ['/ip4/127.0.0.1/tcp/0'],
    })
    const arrived = Promise.withResolvers<Stream>()
    await ben.handle('/kith/raw/1', (stream) => arrived.resolve(stream))
    try {
      const out = await ada.dialProtocol(ben.getMultiaddrs(), '/kith/raw/1')
      await run({ out, into: await arrived.promise, hosts: [ada, ben] })
    } finally {
      await Promise.all([ada.stop(), ben.stop()])
    }
  }

  test('NET-10 a fast sender and a slow reader keep memory bounded and lose nothing', async () => {
    await connected(async ({ out, into }) => {
      const chunk = new Uint8Array(MIB).fill(7)
      const total = 32
      let taken = 0
      let read = 0
      let most = 0
      const sending = (async () => {
        for (; taken < total; taken += 1) await writeBytes(out, chunk)
        await out.close()
      })()
      for await (const piece of new BoundedReader(into)) {
        read += piece.byteLength
        most = Math.max(most, taken * MIB - read + out.writeBufferLength)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await sending
      expect(read).toBe(total * MIB)
      // what is neither read nor with the sender: window, read buffer and what the kernel holds
      expect(most).toBeLessThan(16 * MIB)
    })
  })

  test('NET-12 what was sent before a close is read, then the end', async () => {
    await connected(async ({ out, into }) => {
      await writeBytes(out, new Uint8Array(3 * 1024))
      await out.close()
      expect(await collect(into)).toBe(3 * 1024)
    })
  })

  test('NET-12 what was held back when the peer closed is read all the same', async () => {
    await connected(async ({ out, into }) => {
      const reader = new BoundedReader(into)
      const sending = writeBytes(out, new Uint8Array(MIB)).then(() => out.close())
      await expect.poll(() => into.readStatus).toBe('paused')
      let bytes = 0
      for await (const chunk of reader) bytes += chunk.byteLength
      await sending
      expect(bytes).toBe(MIB)
    })
  })

  test('NET-12 a connection that is gone is no end', async () => {
    await connected(async ({ out, into, hosts }) => {
      await writeBytes(out, new Uint8Array(10))
      const reading = collect(into)
      for (const connection of hosts[0]?.getConnections() ?? []) connection.abort(new Error('gone'))
      await expect(reading).rejects.toMatchObject({ code: 'ERR_STREAM_RESET' })
    })
  })

  test('NET-13 writing to a stream that was closed or reset fails with a code', async () => {
    await connected(async ({ out, into }) => {
      into.abort(new Error('no'))
      await expect.poll(() => out.status).toBe('reset')
      await expect(writeBytes(out, new Uint8Array(1))).rejects.toMatchObject({
        code: 'ERR_STREAM_CLOSED',
      })
    })
  })

  test('NET-13 a write that waits for the window ends when the stream is reset', async () => {
    await connected(async ({ out, into }) => {
      into.pause()
      const writing = writeBytes(out, new Uint8Array(4 * MIB))
      await expect.poll(() => out.writableNeedsDrain).toBe(true)
      into.abort(new Error('no'))
      await expect(writing).rejects.toMatchObject({ code: 'ERR_STREAM_RESET' })
    })
  })
})

describe('NET-11 a stream whose pause does nothing, as over WebRTC', () => {
  test('NET-11 is given up when more is held than the bound, and says so', async () => {
    const [out, into] = await streamPair()
    into.pause = () => {}
    const reader = new BoundedReader(into)
    const aborted = Promise.withResolvers<void>()
    into.addEventListener('close', () => aborted.resolve())
    let arrived = 0
    into.addEventListener('message', ({ data }) => {
      arrived += data.byteLength
    })
    for (let count = 0; count < 48; count += 1) out.send(new Uint8Array(256 * 1024))
    await aborted.promise
    expect(arrived).toBeLessThan(9 * MIB)
    await expect(reader[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'ERR_READ_OVERRUN',
    })
  })

  test('NET-11 is read like any other as long as the reader keeps up', async () => {
    const [out, into] = await streamPair()
    into.pause = () => {}
    const reading = collect(into)
    for (let count = 0; count < 64; count += 1) {
      out.send(new Uint8Array(256 * 1024))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await out.close()
    expect(await reading).toBe(16 * MIB)
  })
})
