import { describe, expect, test } from 'vitest'
import { account, genesis, laptop, phone } from '../../test/family-log.ts'
import { strayId } from '../../test/log-model/model-entry.ts'
import type { DeviceId } from '../ids.ts'
import { type EntryBody, entryBodyCodec } from './log-entry.ts'

describe('ID-4: bodies that no shape alone refuses', () => {
  const recover = {
    kind: 'recover',
    account,
    prev: genesis.id,
    number: 1,
    device: phone,
    keep: [],
    at: 0,
  } as const
  const answer = { account, author: phone, prev: genesis.id, target: genesis.id, at: 0 } as const
  const kept = (device: DeviceId) => ({ device, rights: { link: true } })

  test.each<[string, EntryBody]>([
    ['a recovery with the number 0', { ...recover, number: 0 }],
    ['a device kept twice', { ...recover, keep: [kept(laptop), kept(laptop)] }],
    ['the new first device kept', { ...recover, keep: [kept(phone)] }],
    ['a readmit that answers nothing', { kind: 'readmit', ...answer, answers: [] }],
    [
      'a readmit that answers one thing twice',
      { kind: 'readmit', ...answer, answers: [genesis.id, genesis.id] },
    ],
  ])('%s', (_, body) => {
    expect(() => entryBodyCodec.encode(body)).toThrow(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('a suspend for a reason there is not', () => {
    const body = { kind: 'suspend', ...answer, reason: 'lost' } as const
    const encoded = entryBodyCodec.encode(body)
    const at = Buffer.from(encoded).indexOf('lost')
    for (const reason of ['lost', 'idle']) {
      const bytes = Uint8Array.from(encoded)
      bytes.set(Buffer.from(reason), at)
      expect(entryBodyCodec.decode(bytes)).toEqual({ ...body, reason })
    }
    const other = Uint8Array.from(encoded)
    other.set(Buffer.from('late'), at)
    expect(() => entryBodyCodec.decode(other)).toThrow(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('LOG-12: a readmit of 32 answers is the longest there is', () => {
    const answers = Array.from({ length: 33 }, (_, at) => strayId(`${at}`))
    const body = { kind: 'readmit', ...answer, answers: answers.slice(0, 32) } as const
    expect(entryBodyCodec.decode(entryBodyCodec.encode(body))).toEqual(body)
    expect(() => entryBodyCodec.encode({ ...body, answers })).toThrow(
      expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
    )
  })
})
