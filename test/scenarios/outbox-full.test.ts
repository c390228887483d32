import { contentCodec, directChatId, messageIdOf } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { nodePlatform } from '../../packages/node/src/platform.node.ts'
import { openStore } from '../../packages/node/src/store/store.ts'
import { openTables } from '../../packages/node/src/tables.ts'
import { accountOf, textsOf } from './lost-disk.ts'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 10_000, interval: 20 } as const
/** Rows written in one batch. */
const PAGE = 1_000

/** So many messages of Ada's phone wait for Ben, as far as its disk says, all dated after now. */
async function letWait(world: World, count: number): Promise<void> {
  const phone = world.device('ada', 'phone')
  const [author, account] = [phone.device, accountOf(phone)]
  const chat = directChatId(account, accountOf(world.device('ben', 'tablet')))
  await world.stop(phone)
  const { home } = await world.backUp('ada', 'phone')
  const store = await openStore({ home, platform: nodePlatform }, nodePlatform)
  const { undelivered } = openTables(store)
  const at = nodePlatform.clock.now() + 60_000
  for (let from = 0; from < count; from += PAGE) {
    const rows = Array.from({ length: Math.min(PAGE, count - from) }, (_, place) => {
      const seq = from + place + 100
      const body = { kind: 'text', text: `no ${seq}` } as const
      const salt = new Uint8Array(16)
      const whose = { account, device: author }
      const bytes = contentCodec.encode({ chat, author: whose, seq, parents: [], at, salt, body })
      return undelivered.put([chat, at + seq, messageIdOf(bytes)], {
        author,
        seq,
        isReceipt: false,
      })
    })
    await store.commit(rows)
  }
  await store.close()
}

test('DEL-31 when 20,000 messages wait for a contact the next is refused with a hint, until one has gone', async () => {
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(world.device('ada', 'phone'), tablet)
  const [ada, ben] = [accountOf(world.device('ada', 'phone')), accountOf(tablet)]
  world.hub.partition([[world.device('ada', 'phone').device], [tablet.device]])
  await letWait(world, 19_999)
  const phone = await world.start('ada', 'phone')
  await phone.messages.send(ben, { text: 'the last' })
  expect((await phone.status()).pending).toBe(20_000)
  await expect(phone.messages.send(ben, { text: 'one too many' })).rejects.toMatchObject({
    code: 'ERR_OUTBOX_FULL',
    hint: expect.stringContaining('20000'),
  })
  expect(await textsOf(phone, ben)).toEqual(['the last'])
  world.hub.heal()
  await expect.poll(() => textsOf(tablet, ada), WAIT).toEqual(['the last'])
  await expect.poll(async () => (await phone.status()).pending, WAIT).toBe(19_999)
  await phone.messages.send(ben, { text: 'room again' })
})
