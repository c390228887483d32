import { connect, createServer, type Socket } from 'node:net'
import { ProtocolAddress } from '@signalapp/libsignal-client'
import type { Contender, Hearing, Talker } from './contender.ts'
import {
  type Bundle,
  beginSession,
  createDevice,
  DEVICE,
  type Device,
  openMessage,
  sealMessage,
} from './libsignal.ts'
import { portOf } from './port.ts'

/**
 * What Signal's devices do with a message, with one socket in the place of its servers: sealed, sent, opened,
 * acknowledged in a message that is sealed too. Nothing is kept on disk, and many messages get one acknowledgement.
 */
export const libsignalSocket: Contender = { asker, answerer }

const ADA = '11111111-1111-4111-8111-111111111111'
const BEN = '22222222-2222-4222-8222-222222222222'

/** Where Ben is, and what he gives out. */
interface Place {
  readonly port: number
  readonly bundle: Readonly<Record<keyof Bundle, string>>
}

function answerer(): Talker {
  const device = createDevice(BEN)
  const line = createLine(device, ADA)
  return {
    start: async (_, hearing) => {
      const server = createServer((socket) => line.open(socket, hearing))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const port = portOf(server.address())
      return JSON.stringify({ port, bundle: textsOf(device.bundle) } satisfies Place)
    },
    send: line.send,
  }
}

function asker(): Talker {
  const device = createDevice(ADA)
  const line = createLine(device, BEN)
  return {
    start: async ({ where }, hearing) => {
      const { port, bundle }: Place = JSON.parse(where)
      await beginSession(device, addressOf(BEN), bytesOf(bundle))
      const socket = connect(port, '127.0.0.1')
      await new Promise<void>((resolve) => socket.once('connect', resolve))
      line.open(socket, hearing)
      return ''
    },
    send: line.send,
  }
}

/** The socket, and the session through which everything on it goes: one step at a time, as its state demands. */
interface Line {
  open(socket: Socket, hearing: Hearing): void
  send(text: string): Promise<string>
}

function createLine(device: Device, peer: string): Line {
  const to = addressOf(peer)
  let socket: Socket | undefined
  let steps: Promise<unknown> = Promise.resolve()
  let sent = 0
  let received = 0
  let acknowledged = 0
  /** Messages that came and are not opened yet. */
  let coming = 0

  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = steps.then(step)
    steps = done
    return done
  }

  async function write(kind: string, text: string): Promise<void> {
    const sealed = await sealMessage(device, to, encoder.encode(kind + text))
    const length = new DataView(new ArrayBuffer(LENGTH_BYTES))
    length.setUint32(0, sealed.length)
    socket?.write(new Uint8Array(length.buffer))
    if (socket?.write(sealed) !== false) return
    await new Promise((resolve) => socket?.once('drain', resolve))
  }

  async function take(frame: Uint8Array, hearing: Hearing): Promise<void> {
    const text = decoder.decode(await openMessage(device, to, frame))
    coming--
    if (text[0] === TEXT) {
      received++
      hearing.received(text.slice(1))
      // An answer says as much; of the rest, one for all that had come by now.
      if (text[1] === '.' && coming === 0) await write(ACK, String(received))
      return
    }
    for (; acknowledged < Number(text.slice(1)); acknowledged++) hearing.acked(String(acknowledged))
  }

  return {
    open: (opened, hearing) => {
      socket = opened.setNoDelay(true)
      readFrames(opened, (frame) => {
        coming++
        void inTurn(() => take(frame, hearing))
      })
    },
    send: (text) =>
      inTurn(async () => {
        await write(TEXT, text)
        return String(sent++)
      }),
  }
}

const TEXT = 'T'
const ACK = 'A'
const LENGTH_BYTES = 4
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function readFrames(socket: Socket, read: (frame: Uint8Array) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + rest.readUInt32BE(at)
      if (end > rest.length) break
      read(Uint8Array.from(rest.subarray(at + LENGTH_BYTES, end)))
      at = end
    }
    rest = rest.subarray(at)
  })
}

const addressOf = (name: string): ProtocolAddress => ProtocolAddress.new(name, DEVICE)

function textsOf({ identityKey, prekey, prekeySignature, kyberPrekey, kyberSignature }: Bundle) {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  return {
    identityKey: text(identityKey),
    prekey: text(prekey),
    prekeySignature: text(prekeySignature),
    kyberPrekey: text(kyberPrekey),
    kyberSignature: text(kyberSignature),
  }
}

function bytesOf(texts: Place['bundle']): Bundle {
  const bytes = (text: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(Buffer.from(text, 'base64'))
  return {
    identityKey: bytes(texts.identityKey),
    prekey: bytes(texts.prekey),
    prekeySignature: bytes(texts.prekeySignature),
    kyberPrekey: bytes(texts.kyberPrekey),
    kyberSignature: bytes(texts.kyberSignature),
  }
}
