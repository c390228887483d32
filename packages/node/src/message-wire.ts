import {
  bytes,
  type Codec,
  codec,
  list,
  MAX_ENVELOPE_BYTES,
  type MessageId,
  messageId,
  record,
  type Shape,
  text,
  variants,
} from '@kithmesh/protocol'
import { MESSAGE } from './protocols.ts'

/** Ids in one offer, want or ack. */
export const MAX_IDS = 256
