import { expect, test } from 'vitest'
import { createCast } from '../../test/session-cast.ts'
import { codec } from '../codec/codec.ts'
import { directChatId } from '../ids.ts'
import { isSameParty, scopeShape } from './party.ts'

const scopeCodec = codec(scopeShape, { maxBytes: 64 })

test('SES-8 a message is for a chat, or for control: 32 bytes or none', async () => {
  const { ada, ben } = await createCast()
  const chat = directChatId(ada.own.party.account, ben.own.party.account)
  for (const scope of [chat, 'control'] as const) {
    expect(scopeCodec.decode(scopeCodec.encode(scope))).toBe(scope)
  }
  expect(Array.from(scopeCodec.encode('control'))).toEqual([0x40])
  const cutOff = Uint8Array.of(0x41, 7)
  expect(() => scopeCodec.decode(cutOff)).toThrowError()
})

test('SES-6 a party is a device of an account: both have to be the same', async () => {
  const { ada, ben } = await createCast()
  expect(isSameParty(ada.own.party, { ...ada.own.party })).toBe(true)
  expect(isSameParty(ada.own.party, { ...ada.own.party, account: ben.own.party.account })).toBe(
    false,
  )
  expect(isSameParty(ada.own.party, { ...ada.own.party, device: ben.own.party.device })).toBe(false)
})
