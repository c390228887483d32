import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import type { Platform } from './platform.ts'
import { webSocketTransport } from './websocket-transport.ts'

/** A page: WebSocket and WebRTC, both only to dial. */
export const browserPlatform: Platform = {
  transports: async ({ iceServers, webrtc }) => {
    const rtcConfiguration = (): RTCConfiguration => ({
      iceServers: iceServers().map((urls) => ({ urls })),
    })
    return [
      webSocketTransport(),
      webRTCDirect({ rtcConfiguration }),
      ...(webrtc ? [webRTC({ rtcConfiguration })] : []),
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
  discoverLan: undefined,
}
