import { describe, expect, test } from 'vitest'
import {
  adasLog,
  addedBy,
  addOf,
  bentEntry,
  refusals,
  revokeOf,
  states,
} from '../../test/adas-log.ts'
import { idOf, signerOf } from '../../test/log-signers.ts'
import { mergeDeviceLogs } from './device-log.ts'
import { forkProofCodec, readForkProof, verifyForkProof } from './fork-proof.ts'
import { deviceLogCodec, entryBodyCodec } from './log-entry.ts'

describe('LOG-6 forks', () => {
  async function forkedLog() {
    const cast = await adasLog()
    const { withTablet, laptop } = cast
    const [one, other] = [21, 22].map(signerOf)
    if (!one || !other) throw new Error('two signers')
    const branches = [await addOf(withTablet, laptop, one), await addOf(withTablet, laptop, other)]
    return { ...cast, one, other, branches, forked: mergeDeviceLogs(withTablet, branches) }
  }

  test('behind two entries with one predecessor no add counts; what came before stays', async () => {
    const { forked, branches, phone, laptop, tablet, one, other } = await forkedLog()
    expect(states(forked, phone, laptop, tablet, one, other)).toEqual([
      'in',
      'in',
      'in',
      'unknown',
      'unknown',
    ])
    for (const branch of branches) expect(refusals(forked, branch)).toEqual(['ERR_ENTRY_FORK'])
    const later = await addOf(forked, laptop, one)
    expect(refusals(mergeDeviceLogs(forked, [later]), later)).toEqual(['ERR_ENTRY_FORK'])
  })

  test('a revoke behind a fork counts', async () => {
    const { forked, laptop, tablet } = await forkedLog()
    const revoke = await revokeOf(forked, laptop, addedBy(forked, tablet))
    expect(states(mergeDeviceLogs(forked, [revoke]), tablet)).toEqual(['revoked'])
  })

  test('the proof can be exported, and no other passes for one', async () => {
    const { forked, laptop, account } = await forkedLog()
    const [proof] = forked.forks
    if (proof === undefined) throw new Error('a fork')
    expect(proof).toMatchObject({ account, device: idOf(laptop) })
    const exported = forkProofCodec.decode(forkProofCodec.encode(proof))
    expect(exported).toEqual(proof)
    expect(verifyForkProof(exported)).toBe(true)
    expect(verifyForkProof({ ...proof, other: proof.one })).toBe(false)
    const later = mergeDeviceLogs(forked, [await addOf(forked, laptop, signerOf(23))])
    const other = later.entries.at(-1) ?? proof.other
    expect(entryBodyCodec.decode(other.body)).toMatchObject({ author: idOf(laptop) })
    expect(verifyForkProof({ ...proof, other })).toBe(false)
    expect(verifyForkProof({ ...proof, device: forked.first })).toBe(false)
    expect(verifyForkProof({ ...proof, one: bentEntry(proof.one, 'signature', 9) })).toBe(false)
  })

  test('the proof is read from a file, and says whether it holds', async () => {
    const { forked, genesis, withTablet } = await forkedLog()
    const [proof] = forked.forks
    if (proof === undefined) throw new Error('a fork')
    expect(readForkProof(forkProofCodec.encode(proof))).toEqual({ proof, holds: true })
    const bent = { ...proof, one: bentEntry(proof.one, 'signature', 9) }
    expect(readForkProof(forkProofCodec.encode(bent))).toEqual({ proof: bent, holds: false })
    expect(readForkProof(deviceLogCodec.encode(withTablet.entries))).toBeUndefined()
    const unreadable = { ...proof, one: { ...proof.one, body: Uint8Array.of(1) } }
    expect(verifyForkProof(unreadable)).toBe(false)
    expect(verifyForkProof({ ...proof, other: genesis })).toBe(false)
  })

  test('a fork changes the head, so that siblings exchange it', async () => {
    const { withTablet, branches, forked } = await forkedLog()
    const [one] = branches
    if (one === undefined) throw new Error('two branches')
    const half = mergeDeviceLogs(withTablet, [one])
    expect(half.head).not.toEqual(forked.head)
    expect(mergeDeviceLogs(half, branches).head).toEqual(forked.head)
  })
})
