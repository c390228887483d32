import { randomFillSync } from 'node:crypto'
import { createSocket } from 'node:dgram'

/** RFC 8489 §5: a binding request without attributes, and what answers it. */
const MAGIC_COOKIE = 0x2112a442
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const REQUEST_BYTES = 20
const ADDRESS_AT = 26
/** Datagrams are lost: it is asked again this often. */
const AGAIN_MS = 1_000

/**
 * Asks a STUN server where this machine is seen. Gives `it sees UDP port n`: whether that is another
 * than ours tells of a NAT. Rejects with the signal's reason when nothing answers.
 */
export async function askStun(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const request = bindingRequest()
  socket.on('message', (answer: Uint8Array) => {
    const seen = seenPort(answer, request)
    if (seen !== undefined) resolve(`it sees UDP port ${seen}`)
  })
  socket.on('error', reject)
  signal.addEventListener('abort', () => reject(signal.reason))
  const ask = (): void => socket.send(request, port, host, () => {})
  const again = setInterval(ask, AGAIN_MS)
  ask()
  return promise.finally(() => {
    clearInterval(again)
    socket.close()
  })
}

function bindingRequest(): Uint8Array {
  const request = new Uint8Array(REQUEST_BYTES)
  const view = new DataView(request.buffer)
  view.setUint16(0, BINDING_REQUEST)
  view.setUint32(4, MAGIC_COOKIE)
  randomFillSync(request, 8, 12)
  return request
}

/** The port in an answer to this very request; undefined when it is none. */
function seenPort(answer: Uint8Array, request: Uint8Array): number | undefined {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength)
  const isAnswer =
    answer.length >= ADDRESS_AT + 2 &&
    view.getUint16(0) === BINDING_SUCCESS &&
    Buffer.from(answer.subarray(4, REQUEST_BYTES)).equals(request.subarray(4))
  return isAnswer ? view.getUint16(ADDRESS_AT) ^ (MAGIC_COOKIE >>> 16) : undefined
}
