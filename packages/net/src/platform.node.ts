import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import type { Platform, TransportFactory, TransportOptions } from './platform.ts'

/** Node: TCP and WebSocket always, WebRTC where its native add-on can be loaded. */
export const nodePlatform: Platform = {
  transports: async (options) => [tcp(), webSockets(), ...(await webRtcTransports(options))],
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
    module.webRTCDirect({
      rtcConfiguration,
      ...(certificate === undefined ? {} : { certificate }),
    }),
    ...(webrtc ? [module.webRTC({ rtcConfiguration })] : []),
  ]
}
