/** The domains of the conversations, apart so that no byte of one holds in another (ID-2). */

import type { ChannelPurposes } from './channel.ts'

/** Linking a device by the code it shows: the existing device dials. */
export const LINK_PURPOSES: ChannelPurposes = {
  proof: 'link proof',
  transcript: 'link transcript',
  seal: 'link seal',
}

/** Linking by the code the existing device shows: the new device dials. */
export const JOIN_PURPOSES: ChannelPurposes = {
  proof: 'join proof',
  transcript: 'join transcript',
  seal: 'join seal',
}

/** Linking a device that is seen on the local network: there is no code, the existing device dials. */
export const NEARBY_PURPOSES: ChannelPurposes = {
  proof: 'nearby proof',
  transcript: 'nearby transcript',
  seal: 'nearby seal',
}

/** Exchanging contacts. */
export const INVITE_PURPOSES: ChannelPurposes = {
  proof: 'invite proof',
  transcript: 'invite transcript',
  seal: 'invite seal',
}
