import type { Net, NetProtocol } from '../index.ts'

/** Answered by {@link serveEcho}. */
export const ECHO: NetProtocol = { id: '/kith/echo/1', maxFrameBytes: 1024, maxStreamsPerPeer: 4 }

/** Says again whatever comes. */
export function serveEcho(net: Net): void {
  net.handle(ECHO, async (stream) => {
    for await (const frame of stream.incoming) await stream.send(frame)
  })
}

/** The path over which a frame went and came back. */
export async function echoed(from: Net, to: Pick<Net, 'peer'>): Promise<string> {
  const stream = await from.open(to.peer, ECHO)
  await stream.send(Uint8Array.of(1, 2, 3))
  await stream.close()
  for await (const frame of stream.incoming) if (frame.byteLength === 3) return stream.path
  throw new Error('no echo')
}
