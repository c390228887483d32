import { networkInterfaces } from 'node:os'
import { isWebRtcDirect } from './addresses.ts'
import { isLinkLocalIp6 } from './ip-address.ts'
import { startLanDiscovery } from './lan/lan-discovery.node.ts'
import type { Platform, TransportFactory, TransportOptions } from './platform.ts'
import { tcpTransport } from './splice/listen.node.ts'
import { splicingWebSockets } from './splice/listen-websocket.node.ts'
import { tcpRoads } from './splice/tcp-road.node.ts'
import { webSocketRoads } from './splice/websocket-road.ts'
import { dialledLate } from './transports/dialled-late.ts'
import { lastingSockets } from './transports/webrtc-direct.node.ts'
import { webRtcTransport } from './transports/webrtc-transport.ts'
import { webSocketTransport } from './transports/websocket-transport.ts'
import { createNetworkWatch, LOOK_MS } from './ways/network-watch.ts'

/** Node: TCP and WebSocket always, WebRTC where its native add-on can be loaded. */
export const nodePlatform: Platform = {
  transports: async (options) => [
    tcpTransport(options),
    webSockets(options),
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
  roads: { openers: [tcpRoads, webSocketRoads], usesTold: true },
  discoverLan: startLanDiscovery,
}

function webSockets(options: TransportOptions): TransportFactory {
  const create = webSocketTransport(options)
  return options.present === undefined ? create : splicingWebSockets(create, options.present)
}

/** Node tells of no change, so we look. */
function watchNetwork(changed: () => void, { signal }: { readonly signal: AbortSignal }): void {
  const look = createNetworkWatch({ now: () => Date.now(), addresses: outwardAddresses })
  const timer = setInterval(() => {
    if (look()) changed()
  }, LOOK_MS)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/** Those by which something can go out: a link-local address comes with every cable, and alone leads nowhere. */
function outwardAddresses(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outward = all.filter(({ address, internal }) => !internal && !isLinkLocalIp6(address))
  return outward
    .map(({ cidr }) => cidr)
    .sort()
    .join()
}

/** Loading it takes as long as all the rest: a device that has nothing to listen for waits until it dials. */
async function webRtcTransports(options: TransportOptions): Promise<TransportFactory[]> {
  if (!options.webrtc && !options.listensDirect) {
    const load = async (): Promise<TransportFactory | undefined> => (await loaded(options)).direct
    return [dialledLate({ tag: '@libp2p/webrtc-direct', matches: isWebRtcDirect, load })]
  }
  const { direct, between } = await loaded(options)
  return [direct, options.webrtc ? between : undefined].filter((one) => one !== undefined)
}

interface WebRtc {
  readonly direct?: TransportFactory
  readonly between?: TransportFactory
}

/** A missing or unfit native add-on makes the import itself throw; the rest goes on without. */
async function loaded({ certificate, iceServers }: TransportOptions): Promise<WebRtc> {
  const module = await import('@libp2p/webrtc').catch(() => undefined)
  if (module === undefined) return {}
  const rtcConfiguration = (): RTCConfiguration => ({
    iceServers: iceServers().map((urls) => ({ urls })),
  })
  const given = certificate === undefined ? {} : { certificate }
  return {
    direct: lastingSockets(module.webRTCDirect({ rtcConfiguration, ...given })),
    between: webRtcTransport(module.webRTC({ rtcConfiguration })),
  }
}
