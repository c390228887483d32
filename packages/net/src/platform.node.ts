import { networkInterfaces } from 'node:os'
import { tcp } from '@libp2p/tcp'
import { startLanDiscovery } from './lan-discovery.node.ts'
import type { Platform, TransportFactory, TransportOptions } from './platform.ts'
import { lastingSockets } from './webrtc-direct.node.ts'
import { webSocketTransport } from './websocket-transport.ts'

/** Node: TCP and WebSocket always, WebRTC where its native add-on can be loaded. */
export const nodePlatform: Platform = {
  transports: async (options) => [
    tcp(),
    webSocketTransport(),
    ...(await webRtcTransports(options)),
  ],
  defaultListen: ({ certificate }) =>
    ['/ip4/0.0.0.0', '/ip6/::'].flatMap((host) => [
      `${host}/tcp/0`,
      `${host}/tcp/0/ws`,
      ...(certificate ? [`${host}/udp/0/webrtc-direct`] : []),
    ]),
  watchNetwork,
  isOwnHost: (ip) =>
    Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === ip)),
  discoverLan: startLanDiscovery,
}

/** Node tells of no change, so we look: addresses of the interfaces, and whether time was lost. */
const LOOK_MS = 2_000
const SLEPT_MS = 6_000

function watchNetwork(changed: () => void, { signal }: { readonly signal: AbortSignal }): void {
  let before = interfacesText()
  let looked = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    const text = interfacesText()
    const isChanged = text !== before || now - looked > SLEPT_MS
    before = text
    looked = now
    if (isChanged) changed()
  }, LOOK_MS)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

function interfacesText(): string {
  const all = Object.entries(networkInterfaces())
  return JSON.stringify(all.map(([name, one]) => [name, one?.map(({ cidr }) => cidr)]))
}

/** A missing or unfit native add-on makes the import itself throw; the rest goes on without. */
async function webRtcTransports(options: TransportOptions): Promise<TransportFactory[]> {
  const module = await import('@libp2p/webrtc').catch(() => undefined)
  if (module === undefined) return []
  const { certificate, iceServers, webrtc } = options
  const rtcConfiguration = (): RTCConfiguration => ({
    iceServers: iceServers().map((urls) => ({ urls })),
  })
  return [
    lastingSockets(
      module.webRTCDirect({
        rtcConfiguration,
        ...(certificate === undefined ? {} : { certificate }),
      }),
    ),
    ...(webrtc ? [module.webRTC({ rtcConfiguration })] : []),
  ]
}
