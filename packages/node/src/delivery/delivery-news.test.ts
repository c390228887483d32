import type { MessageId } from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import type { DeliveryEvents } from './delivery.ts'
import { announceDeliveries } from './delivery-news.ts'

const [ONE, TWO] = ['m1', 'm2'] as readonly string[] as readonly [MessageId, MessageId]

test('DEL-40 HIS-2 what is told of with its message is not told of again; later changes are', async () => {
  const context = await openContext()
  const events = createEvents<DeliveryEvents>()
  const told: (readonly MessageId[])[] = []
  let isTold: (message: MessageId) => boolean = (message) => message === ONE
  const tell = async (messages: readonly MessageId[]): Promise<void> => void told.push(messages)
  const states = { events } as never
  announceDeliveries(context, { states, isTold: (message) => isTold(message) }, tell)
  events.emit('delivery:changed', { message: ONE })
  events.emit('delivery:changed', { message: TWO })
  await expect.poll(() => told).toEqual([[TWO]])
  isTold = () => false
  events.emit('delivery:changed', { message: ONE })
  await expect.poll(() => told).toEqual([[TWO], [ONE]])
})
