import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import type { Platform } from './platform.ts'
import { webSocketRoads } from './splice/websocket-road.ts'
import { webRtcTransport } from './transports/webrtc-transport.ts'
import { webSocketTransport } from './transports/websocket-transport.ts'

/** A page: WebSocket and WebRTC, both only to dial. */
export const browserPlatform: Platform = {
  transports: async ({ iceServers, webrtc }) => {
    const rtcConfiguration = (): RTCConfiguration => ({
      iceServers: iceServers().map((urls) => ({ urls })),
    })
    return [
      webSocketTransport(),
      webRTCDirect({ rtcConfiguration }),
      ...(webrtc ? [webRtcTransport(webRTC({ rtcConfiguration }))] : []),
    ]
  },
  defaultListen: () => [],
  watchNetwork: (changed, { signal }) => {
    // back online, or back in sight: timers and connections of a hidden page may have stood still
    globalThis.addEventListener('online', changed, { signal })
    globalThis.document?.addEventListener(
      'visibilitychange',
      () => {
        if (globalThis.document.visibilityState === 'visible') changed()
      },
      { signal },
    )
  },
  // a page is not told
  isOwnHost: () => false,
  // only where it is connected by WebSocket already: another one may be blocked, or asked the person about
  roads: { openers: [webSocketRoads], usesTold: false },
  discoverLan: undefined,
}
