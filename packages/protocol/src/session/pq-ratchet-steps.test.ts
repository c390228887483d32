import { describe, expect, test } from 'vitest'
import { createEnvironment } from '../../test/session-cast.ts'
import {
  answeredOnTurn,
  answerOnTurn,
  noteOffer,
  offerWhenDue,
  PQ_DUE_MS,
  PQ_DUE_TURNS,
  type PqRatchet,
  startPqRatchet,
} from './pq-ratchet.ts'

/** The side that offers, and the one that has its key. */
async function offering() {
  const environment = createEnvironment('steps')
  const at = environment.clock.now()
  const due = { ...startPqRatchet('initiator', at), turns: PQ_DUE_TURNS }
  const ours = await offerWhenDue(due, environment)
  const { offered } = ours
  if (offered === undefined) throw new Error('an offer was due')
  const header = { kind: 'offer', key: offered.publicKey } as const
  const theirs = noteOffer(startPqRatchet('responder', at), header)
  if (theirs === undefined) throw new Error('a good key')
  return { environment, ours, offered, header, theirs }
}

describe('single steps of the post-quantum ratchet', () => {
  test('SES-30 nothing is due one turn or one millisecond too early, nor by the wrong side', async () => {
    const environment = createEnvironment('steps')
    const at = environment.clock.now()
    const start: PqRatchet = { ...startPqRatchet('initiator', at), turns: PQ_DUE_TURNS - 1 }
    expect(await offerWhenDue(start, environment)).toBe(start)
    expect(
      await offerWhenDue({ ...start, at: at - PQ_DUE_MS + 1 }, environment),
    ).not.toHaveProperty('offered')
    expect(await offerWhenDue({ ...start, at: at - PQ_DUE_MS }, environment)).toHaveProperty(
      'offered',
    )
    const other = { ...start, turns: PQ_DUE_TURNS, mayOffer: false }
    expect(await offerWhenDue(other, environment)).toBe(other)
  })

  test('SES-31 a key on offer is not replaced by another, however long it waits', async () => {
    const { environment, ours } = await offering()
    environment.clock.advance(2 * PQ_DUE_MS)
    expect(await offerWhenDue(ours, environment)).toBe(ours)
  })

  test('SES-31 while an answer is carried nothing is offered, however long that is', async () => {
    const { environment, theirs } = await offering()
    const { pq } = await answerOnTurn(theirs, environment)
    environment.clock.advance(2 * PQ_DUE_MS)
    expect(pq).toMatchObject({ mayOffer: true, turns: 0 })
    expect(await offerWhenDue(pq, environment)).toBe(pq)
  })

  test('SES-31 a turn of the peer without an answer leaves our key on offer; it is answered later', async () => {
    const { environment, ours, offered, theirs } = await offering()
    const turned = await answeredOnTurn(ours, undefined, environment)
    expect(turned).toEqual({ pq: { ...ours, turns: ours.turns + 1 } })
    expect(turned?.pq.offered).toBe(offered)
    const { pq, secret } = await answerOnTurn(theirs, environment)
    const header = { kind: 'answer', ciphertext: pq.answer ?? new Uint8Array() } as const
    const answered = await answeredOnTurn(turned?.pq ?? ours, header, environment)
    expect(answered?.secret).toEqual(secret)
    expect(answered?.pq).toEqual({ mayOffer: false, turns: 0, at: environment.clock.now() })
  })

  test('SES-30 a turn with nothing on offer only counts', async () => {
    const environment = createEnvironment('steps')
    const start = startPqRatchet('responder', environment.clock.now())
    const turned = await answeredOnTurn(start, undefined, environment)
    expect(turned?.pq).toStrictEqual({ ...start, turns: 1 })
  })

  test('SES-31 the turn of the peer ends what we carried of our answer', async () => {
    const { environment, theirs } = await offering()
    const { pq } = await answerOnTurn(theirs, environment)
    expect(pq).toHaveProperty('answer')
    const turned = await answeredOnTurn(pq, undefined, environment)
    expect(turned?.pq).not.toHaveProperty('answer')
  })

  test('SES-32 a key is taken once, and not by the side that is to offer', async () => {
    const { header, ours, theirs } = await offering()
    expect(noteOffer(theirs, header)).toBe(theirs)
    expect(noteOffer(ours, header)).toBe(ours)
  })

  test('SES-34 bytes that are no key, and an answer to nothing, are told', async () => {
    const { environment, theirs } = await offering()
    const start = startPqRatchet('responder', environment.clock.now())
    const noKey = { kind: 'offer', key: new Uint8Array(1184).fill(0xff) } as const
    expect(noteOffer(start, noKey)).toBeUndefined()
    const { pq } = await answerOnTurn(theirs, environment)
    const header = { kind: 'answer', ciphertext: pq.answer ?? new Uint8Array() } as const
    expect(await answeredOnTurn(start, header, environment)).toBeUndefined()
  })
})
