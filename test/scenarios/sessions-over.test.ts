import type { KithNode } from '@kithmesh/node'
import { deviceLogFileCodec, entryBodyCodec } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { devicesAt, heard, stage, WAIT } from './standing-stage.ts'

const HOUR_MS = 60 * 60 * 1000

async function revokesKnownTo(node: KithNode): Promise<number> {
  const { entries } = deviceLogFileCodec.decode(await node.deviceLog.export())
  return entries.filter(({ body }) => entryBodyCodec.decode(body).kind === 'revoke').length
}

test('OUT-9 a temporary session is out when its time is over, for all and by itself', async () => {
  await using at = await stage()
  const { world, phone, desk, ben, ada, toBen } = at
  const session = await world.newDevice('session')
  await world.link(phone, session, { temporary: { hours: 1 } })
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(4)
  await expect.poll(() => devicesAt(session, toBen), WAIT).toBe(1)
  const [left, removed] = [heard(session, 'account:left'), heard(desk, 'device:removed')]

  world.time.leap(60 * 60 * 1000 + 1)

  await expect.poll(() => left, WAIT).toEqual([{ reason: 'expired' }])
  await expect.poll(() => removed.map(({ name }) => name), WAIT).toEqual(['session'])
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(3)
  await ben.messages.send(ada, { text: 'not for the session' })
  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
})

test('OUT-17 a session that is over is unlinked a day later, by who linked it, and gives its place free', async () => {
  await using at = await stage()
  const { world, phone, desk } = at
  const session = await world.newDevice('session')
  await world.link(phone, session, { temporary: { hours: 1 } })
  const left = heard(session, 'account:left')

  world.time.leap(HOUR_MS + 1)
  await expect.poll(() => left, WAIT).toEqual([{ reason: 'expired' }])
  expect(await revokesKnownTo(desk)).toBe(0)

  world.time.leap(36 * HOUR_MS)
  await expect.poll(() => revokesKnownTo(desk), WAIT).toBe(1)
})
