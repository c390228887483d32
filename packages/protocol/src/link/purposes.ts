/** The domains of the two conversations, apart so that no byte of one holds in the other (ID-2). */

import type { ChannelPurposes } from './channel.ts'

/** Linking a device. */
export const LINK_PURPOSES: ChannelPurposes = {
  proof: 'link proof',
  transcript: 'link transcript',
  seal: 'link seal',
}

/** Exchanging contacts. */
export const INVITE_PURPOSES: ChannelPurposes = {
  proof: 'invite proof',
  transcript: 'invite transcript',
  seal: 'invite seal',
}
