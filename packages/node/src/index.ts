/** A device of the mesh, to embed. The same API in Node and in a page. */

import { createCertificate, createNet } from '@kithmesh/net'
import type { KithNode, NodeOptions } from './api.ts'
import { openNode } from './create-node.ts'
import { nodePlatform } from './platform.node.ts'

export {
  type AccountId,
  type ChatId,
  type Clock,
  type DeviceId,
  type ErrorCode,
  isKithError,
  KithError,
  type MessageId,
  parseAccountId,
  parseDeviceId,
  parseMessageId,
  type Rng,
} from '@kithmesh/protocol'
export type {
  CallOptions,
  Contact,
  DeliveryState,
  Device,
  KithNode,
  LinkOffer,
  LinkOptions,
  LinkState,
  Logger,
  Message,
  NodeEvents,
  NodeOptions,
  SeenDevice,
  SentMessage,
  Status,
} from './api.ts'

/**
 * Starts a device: opens its home, its account and its network. On a first start it makes an account,
 * unless it is a `newDevice` that waits to be linked.
 *
 * @throws ERR_HOME_IN_USE when another process or tab has the home open; ERR_STORE_OPEN,
 * ERR_STORE_CORRUPT when the home cannot be read; ERR_NAME, ERR_RELAYS, ERR_ADDRESS for options that
 * cannot be used
 *
 * @example
 * ```ts
 * await using node = await createNode({ home: './ada', name: 'laptop' })
 * node.addEventListener('message:received', ({ detail }) => console.log(detail.from.name, detail.text))
 * const { code } = await node.contacts.invite()
 * ```
 */
export function createNode(options: NodeOptions): Promise<KithNode> {
  return openNode(options, { platform: nodePlatform, net: { createNet, createCertificate } })
}
