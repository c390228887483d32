import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import type { Platform } from './platform.ts'

/** A page: WebSocket and WebRTC, both only to dial. */
export const browserPlatform: Platform = {
  transports: async ({ iceServers, webrtc }) => {
    const rtcConfiguration = (): RTCConfiguration => ({
      iceServers: iceServers().map((urls) => ({ urls })),
    })
    return [
      webSockets(),
      webRTCDirect({ rtcConfiguration }),
      ...(webrtc ? [webRTC({ rtcConfiguration })] : []),
    ]
  },
}
