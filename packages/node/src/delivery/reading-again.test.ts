import { type MessageId, messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import type { DeviceContext } from '../context.ts'
import { openDelivery } from './delivery.ts'
import { openUnread } from './unread.ts'

const BEN = accountNamed('b')
const MESSAGE: MessageId = messageIdFromBytes(new Uint8Array(16))

/** A device whose disk cannot be read once. */
async function failingOnce(): Promise<DeviceContext> {
  const context = await openContext()
  let fails = true
  const failOnce = (): void => {
    if (!fails) return
    fails = false
    throw new Error('the disk cannot be read')
  }
  const { reached, unread } = context.tables
  const entriesOf: Pick<typeof context.tables, 'reached' | 'unread'> = {
    reached: {
      ...reached,
      entries: (...range) => {
        failOnce()
        return reached.entries(...range)
      },
    },
    unread: {
      ...unread,
      entries: (...range) => {
        failOnce()
        return unread.entries(...range)
      },
    },
  }
  return { ...context, tables: { ...context.tables, ...entriesOf } }
}

test('E3 DEL-13 a delivery that could not be read once is read again', async () => {
  const delivery = openDelivery(await failingOnce(), { devicesOf: () => [] } as never)
  await expect(delivery.stateOf(MESSAGE, BEN)).rejects.toThrow('disk')
  expect(await delivery.stateOf(MESSAGE, BEN)).toEqual({ reached: [] })
})

test('E3 DEL-46 what is unread and could not be read once is read again', async () => {
  const unread = openUnread(await failingOnce(), () => false)
  await expect(unread.count(BEN)).rejects.toThrow('disk')
  expect(await unread.count(BEN)).toBe(0)
})
