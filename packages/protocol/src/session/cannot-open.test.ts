import { describe, expect, test } from 'vitest'
import { createCast } from '../../test/session-cast.ts'
import { domainBytes } from '../identity/domain.ts'
import { messageIdFromBytes } from '../ids.ts'
import { cannotOpenCodec, isCannotOpenOf, signCannotOpen, type Unopened } from './cannot-open.ts'

const { ada, ben } = await createCast()
const unopened: Unopened = {
  by: ben.own.party,
  to: ada.own.party,
  message: messageIdFromBytes(new Uint8Array(16).fill(1)),
  ratchetKey: new Uint8Array(32).fill(2),
}
const said = await signCannotOpen(unopened, ben.signer)

describe('the word that an envelope cannot be opened', () => {
  test('SES-26 comes back from its bytes and holds', () => {
    const read = cannotOpenCodec.decode(cannotOpenCodec.encode(said))
    expect(read).toEqual(said)
    expect(isCannotOpenOf(read, unopened)).toBe(true)
  })

  const other: Unopened = {
    by: { ...ben.own.party, account: ada.own.party.account },
    to: { ...ada.own.party, account: ben.own.party.account },
    message: messageIdFromBytes(new Uint8Array(16).fill(3)),
    ratchetKey: new Uint8Array(32).fill(4),
  }
  for (const field of ['by', 'to', 'message', 'ratchetKey'] as const) {
    test(`SES-27 A3 is about one envelope: another ${field} is refused, expected or written`, () => {
      const change = { [field]: other[field] }
      expect(isCannotOpenOf(said, { ...unopened, ...change })).toBe(false)
      expect(isCannotOpenOf({ ...said, ...change }, { ...unopened, ...change })).toBe(false)
    })
  }

  test('SES-27 A3 another device of the account cannot say it, nor the sender itself', async () => {
    const byAda = await signCannotOpen(unopened, ada.signer)
    expect(isCannotOpenOf(byAda, unopened)).toBe(false)
    const reflected = { ...unopened, by: unopened.to, to: unopened.by }
    const back = await signCannotOpen(reflected, ada.signer)
    expect(isCannotOpenOf(back, reflected)).toBe(true)
    expect(isCannotOpenOf(back, unopened)).toBe(false)
    expect(isCannotOpenOf(said, reflected)).toBe(false)
  })

  test('SES-26 A3 ID-2 a signature for another purpose over the same bytes is none', async () => {
    const encoded = cannotOpenCodec.encode(said)
    // The body is the record without its last item: an array of 5 instead of 6.
    const body = Uint8Array.of(0x85, ...encoded.slice(1, -66))
    const signed = async (purpose: 'cannot open' | 'device card'): Promise<boolean> => {
      const signature = await ben.signer.sign(domainBytes(purpose, body))
      return isCannotOpenOf({ ...said, signature }, unopened)
    }
    expect(await signed('cannot open')).toBe(true)
    expect(await signed('device card')).toBe(false)
  })
})
