import {
  accountId,
  type Codec,
  codec,
  decoded,
  deviceId,
  list,
  messageId,
  record,
  uint,
} from '@kithmesh/protocol'
import type { RecordContent, RecordEvent } from '@kithmesh/sync'
import type { Addressed } from '../delivery/addressed.ts'
import type { Reached } from '../delivery/delivery.ts'

/** What the messages lane of the account log says. */
export type MessageRecord =
  /** A content this account wrote or received. */
  | { readonly kind: 'content'; readonly content: Uint8Array }
  /** Devices of a recipient that hold a message. */
  | { readonly kind: 'reached'; readonly reached: readonly Reached[] }
  /** For whom contents are that a clock which went back has dated as if they were for others (DEL-67). */
  | { readonly kind: 'addressed'; readonly addressed: readonly Addressed[] }

/** Kinds of contents of the messages lane. */
const CONTENT = 'content'
const REACHED = 'reached'
const ADDRESSED = 'addressed'

const reachedCodec: Codec<readonly Reached[]> = codec(
  list(record({ message: messageId, device: deviceId }), { max: 1024 }),
  { maxBytes: 64 * 1024 },
)

const addressedCodec: Codec<readonly Addressed[]> = codec(
  list(record({ account: accountId, device: deviceId, author: deviceId, from: uint() }), {
    max: 512,
  }),
  { maxBytes: 64 * 1024 },
)

/** A message record as it stands in the log. */
export function toContent(one: MessageRecord): RecordContent {
  switch (one.kind) {
    case 'content':
      return { kind: CONTENT, body: one.content }
    case 'reached':
      return { kind: REACHED, body: reachedCodec.encode(one.reached) }
    case 'addressed':
      return { kind: ADDRESSED, body: addressedCodec.encode(one.addressed) }
  }
}

/** What accepted records of the messages lane say; those of other lanes and unknown kinds say nothing. */
export function messageRecordsIn(events: readonly RecordEvent[]): readonly MessageRecord[] {
  return events
    .filter((event) => event.record.lane === 'messages')
    .flatMap((event) => event.contents)
    .flatMap((content) => fromContent(content))
}

/** Kinds of a newer version are skipped: the record stays and is read when this device knows them. */
function fromContent({ kind, body }: RecordContent): readonly MessageRecord[] {
  switch (kind) {
    case CONTENT:
      return [{ kind: 'content', content: body }]
    case REACHED:
      return reachedIn(body)
    case ADDRESSED:
      return addressedIn(body)
    default:
      return []
  }
}

function reachedIn(body: Uint8Array): readonly MessageRecord[] {
  const reached = decoded(reachedCodec, body)
  return reached ? [{ kind: 'reached', reached }] : []
}

function addressedIn(body: Uint8Array): readonly MessageRecord[] {
  const addressed = decoded(addressedCodec, body)
  return addressed ? [{ kind: 'addressed', addressed }] : []
}
