import { expect, test } from 'vitest'
import { createCast, createSides } from '../../test/session-cast.ts'
import { createSessionCipher } from './session-cipher.ts'
import { createSessionSet } from './session-set.ts'

test('SES-4 a device has no sessions with itself', async () => {
  const { ada, ben } = await createCast()
  const { device } = ada.own.party
  expect(() =>
    createSessionSet({ self: ada.own.party, peer: { ...ben.own.party, device } }),
  ).toThrowError(expect.objectContaining({ code: 'ERR_SESSION_CONTEXT' }))
  expect(createSessionSet({ self: ada.own.party, peer: ben.own.party }).sessions).toEqual([])
})

test('SES-4 a session is started with the own card, not with that of another device', async () => {
  const { ada, ben, environment } = await createCast()
  const set = createSessionSet({ self: ada.own.party, peer: ben.own.party })
  const self = { ...ada.own, card: ben.card }
  await expect(
    createSessionCipher(environment).start(set, { self, peerCard: ben.card }),
  ).rejects.toThrowError(expect.objectContaining({ code: 'ERR_SESSION_CONTEXT' }))
})

test('SES-6 what comes in a session that is not here is refused', async () => {
  const cast = await createCast()
  const { ada, ben } = createSides(cast)
  await ben.hear(await ada.say('first'))
  await ada.hear(await ben.say('back'))
  const later = await ada.say('in the session')
  expect(later.kind).toBe('ratchet')
  const { ben: fresh } = createSides(cast)
  expect(await fresh.hear(later)).toEqual({ kind: 'refused', code: 'ERR_SESSION_OPEN' })
})

test('SES-7 SES-13 what was opened before is a duplicate, whichever of several sessions opened it', async () => {
  const { ada, ben } = createSides(await createCast())
  const opened = { kind: 'opened' }
  const early = await ada.say('early')
  expect(await ben.hear(early)).toMatchObject(opened)
  expect(await ada.hear(await ben.say('back'))).toMatchObject(opened)
  const late = await ada.say('on the first session')
  expect(await ben.hear(late)).toMatchObject(opened)
  await ben.startAnew()
  expect(await ada.hear(await ben.say('on the second'))).toMatchObject(opened)
  const newest = await ada.say('and back')
  expect(await ben.hear(newest)).toMatchObject(opened)
  expect(ben.set.sessions.length).toBe(2)
  for (const envelope of [late, newest]) {
    expect(await ben.hear(envelope)).toEqual({ kind: 'duplicate' })
  }
})
