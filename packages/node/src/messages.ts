import {
  type AccountId,
  directChatId,
  KithError,
  MAX_TEXT_BYTES,
  type MessageId,
} from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { CallOptions, DeliveryState, Message, NodeEvents, SentMessage } from './api.ts'
import type { Chats, StoredContent } from './chats.ts'
import type { Contacts } from './contacts.ts'
import type { DeviceContext } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { FanOut } from './fan-out.ts'
import type { Staged } from './staged.ts'
import type { Starred } from './starred.ts'

function requireText(text: string): void {
  if (text.length === 0) throw new KithError('ERR_TEXT', 'a message needs some text')
  if (!text.isWellFormed() || new TextEncoder().encode(text).length > MAX_TEXT_BYTES) {
    throw new KithError('ERR_TEXT', `a message holds at most ${MAX_TEXT_BYTES} bytes of text`, {
      hint: 'Send it in several messages.',
    })
  }
}
