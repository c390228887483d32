import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bent } from '../../test/bent-frame.ts'
import type { Environment } from '../environment.ts'
import { type DeviceLogState, mergeDeviceLogs, reduceDeviceLog } from '../identity/device-log.ts'
import { type Signer, signerFromSeed } from '../identity/keys.ts'
import { countersignAdd, createGenesis, draftAdd, signAdd } from '../identity/log-authoring.ts'
import { accountIdOfGenesis, deviceLogCodec } from '../identity/log-entry.ts'
import { type DeviceId, deviceIdFromPublicKey } from '../ids.ts'
import type { Introduction } from './introduction.ts'
import { createInvite, INVITE_LIFE_MS, type InviteRecord } from './invite.ts'
import { createInviteCode, type InviteCode, parseInviteCode } from './invite-code.ts'
import {
  answerInvite,
  dialInvite,
  type Introduced,
  type KnownInvite,
  readInviteAnswer,
  readInvitedIntroduction,
  readInviterIntroduction,
} from './inviting.ts'

const signerOf = (number: number): Signer => signerFromSeed(new Uint8Array(32).fill(number))
const idOf = (signer: Signer): DeviceId => deviceIdFromPublicKey(signer.publicKey)

let drawn = 0
let now = 1_700_000_000_000
const environment: Environment = {
  clock: { now: () => now, monotonic: () => 0 },
  rng: {
    bytes: (length) => {
      drawn += 1
      const hash = createHash('shake256', { outputLength: length })
      return Uint8Array.from(hash.update(`inviting ${drawn}`).digest())
    },
  },
}

async function accountOf(number: number): Promise<DeviceLogState> {
  const [root, device] = [signerOf(number), signerOf(number + 1)]
  const recoveryKey = new Uint8Array(1216)
  const genesis = await createGenesis({ root, recoveryKey, device, at: 1 })
  const log = reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
  const body = draftAdd({
    account: log.account,
    author: idOf(device),
    prev: log.devices.get(log.first)?.lastEntry ?? raise(),
    device: idOf(signerOf(number + 2)),
    rights: { link: true },
    historyAt: 0,
    at: 0,
  })
  const countersignature = await countersignAdd(body, signerOf(number + 2))
  return mergeDeviceLogs(log, [await signAdd(body, device, countersignature)])
}

function raise(): never {
  throw new Error('not in the log')
}

const introductionOf = (log: DeviceLogState, name: string): Introduction => ({
  account: log.account,
  name,
  log: deviceLogCodec.encode(log.entries),
  cards: [Uint8Array.of(1, 2)],
  peers: [{ device: log.first, addresses: [Uint8Array.of(4, 127, 0, 0, 1)] }],
})

/** Ada (devices 11, 12) invites Ben (devices 21, 22). */
async function adaAndBen() {
  const [ada, ben] = [await accountOf(10), await accountOf(20)]
  const { secret, record } = createInvite(environment)
  const text = createInviteCode({ account: ada.account, device: ada.first, secret, addresses: [] })
  return { ada, ben, record, code: parseInviteCode(text) }
}

type Pair = Awaited<ReturnType<typeof adaAndBen>>

interface Otherwise {
  readonly code?: InviteCode
  readonly lookup?: (invite: string) => KnownInvite | undefined
  readonly answerer?: Signer
  readonly dialler?: Signer
  readonly diallerByNoise?: DeviceId
  readonly bensIntroduction?: Introduction
  readonly adasIntroduction?: Introduction
  readonly tamper?: (frame: Uint8Array, number: number, sent: readonly Uint8Array[]) => Uint8Array
}

interface End {
  readonly ben: string
  readonly ada: string
  readonly bensContact?: Introduced
  readonly adasContact?: Introduced
  readonly invite?: string
}

function exchange({ ada, ben, record, code }: Pair, otherwise: Otherwise = {}): End {
  const { answerer = signerOf(11), dialler = signerOf(21), tamper = (frame) => frame } = otherwise
  const sent: Uint8Array[] = []
  const carry = (frame: Uint8Array | undefined): Uint8Array => {
    sent.push(frame ?? new Uint8Array())
    return tamper(frame ?? new Uint8Array(), sent.length, sent)
  }
  const lookup = otherwise.lookup ?? knowing(record)
  const [self, peer] = [idOf(dialler), idOf(answerer)]
  const bens = otherwise.bensIntroduction ?? introductionOf(ben, 'Ben')
  const adas = otherwise.adasIntroduction ?? introductionOf(ada, 'Ada')

  const dialled = dialInvite({ code: otherwise.code ?? code, self, peer, own: bens }, environment)
  const from = otherwise.diallerByNoise ?? self
  const answered = answerInvite(
    { self: peer, peer: from, lookup, own: adas },
    carry(dialled.send),
    environment,
  )
  const introduced = readInviteAnswer(dialled.state, carry(answered.send), environment)
  if (answered.kind === 'refused') return { ada: answered.code, ben: ending(introduced) }
  const invited = readInvitedIntroduction(answered.state, carry(introduced.send), environment)
  if (introduced.kind === 'refused') return { ben: introduced.code, ada: ending(invited) }
  const done = readInviterIntroduction(introduced.state, carry(invited.send), environment)
  return {
    ben: ending(done),
    ada: ending(invited),
    ...(done.kind === 'done' ? { bensContact: done.contact } : {}),
    ...(invited.kind === 'invited' ? { adasContact: invited.contact, invite: invited.invite } : {}),
  }
}

function knowing(record: InviteRecord, more: Partial<KnownInvite> = {}) {
  return (invite: string): KnownInvite | undefined =>
    invite === record.invite ? { ...record, ...more } : undefined
}

function ending(outcome: { readonly kind: string; readonly code?: string }): string {
  if (outcome.kind === 'refused') return outcome.code ?? 'no code'
  return outcome.kind === 'invited' || outcome.kind === 'done' ? 'done' : `went on: ${outcome.kind}`
}

describe('inviting', () => {
  test('LNK-12 both accounts know each other, by log, name and devices', async () => {
    const pair = await adaAndBen()
    const end = exchange(pair)
    expect([end.ben, end.ada]).toEqual(['done', 'done'])
    expect(end.bensContact?.account).toBe(pair.ada.account)
    expect(end.bensContact?.log.head).toEqual(pair.ada.head)
    expect(end.adasContact?.introduction).toEqual(introductionOf(pair.ben, 'Ben'))
    expect(end.invite).toBe(pair.record.invite)
  })

  test('LNK-12 any device of the inviting account answers', async () => {
    const end = exchange(await adaAndBen(), { answerer: signerOf(12), dialler: signerOf(22) })
    expect([end.ben, end.ada]).toEqual(['done', 'done'])
  })

  test('LNK-12 what the account keeps is not the secret', async () => {
    const { record, code } = await adaAndBen()
    const secret = Buffer.from(code.secret).toString('hex')
    expect(Buffer.from(record.key).toString('hex')).not.toContain(secret)
    expect(record.invite).toMatch(/^i[a-z2-7]{26}$/)
  })

  test('LNK-13 an invite stands for ten days', async () => {
    const pair = await adaAndBen()
    now += INVITE_LIFE_MS - 1
    expect(exchange(pair).ada).toBe('done')
    now += 1
    const end = exchange(pair)
    expect([end.ben, end.ada]).toEqual(['ERR_CODE_EXPIRED', 'ERR_CODE_EXPIRED'])
  })

  test('LNK-14 a used invite serves its account again, and no other', async () => {
    const pair = await adaAndBen()
    const again = exchange(pair, { lookup: knowing(pair.record, { usedBy: pair.ben.account }) })
    expect([again.ben, again.ada]).toEqual(['done', 'done'])
    const other = exchange(pair, { lookup: knowing(pair.record, { usedBy: pair.ada.account }) })
    expect([other.ben, other.ada]).toEqual(['ERR_CODE_USED', 'ERR_CODE_USED'])
    expect(other.adasContact).toBeUndefined()
  })

  test('LNK-12 a secret that was never given out', async () => {
    const pair = await adaAndBen()
    const end = exchange(pair, { code: { ...pair.code, secret: new Uint8Array(16) } })
    expect([end.ben, end.ada]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
  })

  test('LNK-15 an account does not become its own contact, and does not introduce itself', async () => {
    const pair = await adaAndBen()
    const own = { bensIntroduction: introductionOf(pair.ada, 'Ada'), dialler: signerOf(12) }
    const lengths: number[] = []
    const end = exchange(pair, {
      ...own,
      tamper: (frame) => {
        lengths.push(frame.length)
        return frame
      },
    })
    expect([end.ben, end.ada]).toEqual(['ERR_LINK_ACCOUNT', 'ERR_LINK_ACCOUNT'])
    expect(lengths[2]).toBeLessThan(128)
    // Nor with a code that says it is of another account.
    const renamed = exchange(pair, { ...own, code: { ...pair.code, account: pair.ben.account } })
    expect([renamed.ben, renamed.ada]).toEqual(['ERR_LINK_ACCOUNT', 'ERR_LINK_ACCOUNT'])
  })
})

describe('attacks on inviting: refused on both sides, nobody becomes a contact', () => {
  test('LNK-15 a device that is not of the account it introduces', async () => {
    const pair = await adaAndBen()
    const stranger = exchange(pair, { dialler: signerOf(66) })
    expect([stranger.ben, stranger.ada]).toEqual(['ERR_LINK_ACCOUNT', 'ERR_LINK_ACCOUNT'])
    const impostor = exchange(pair, { answerer: signerOf(67) })
    expect(impostor.ben).toBe('ERR_LINK_ACCOUNT')
  })

  test('LNK-15 an inviter of another account than the code says', async () => {
    const pair = await adaAndBen()
    const cyd = await accountOf(30)
    const end = exchange(pair, {
      answerer: signerOf(31),
      adasIntroduction: introductionOf(cyd, 'Ada'),
    })
    expect(end.ben).toBe('ERR_LINK_ACCOUNT')
    expect(end.bensContact).toBeUndefined()
  })

  test('LNK-15 a log that is not of the account it is said to be', async () => {
    const pair = await adaAndBen()
    const cyd = await accountOf(30)
    const foreign = { ...introductionOf(pair.ben, 'Ben'), account: cyd.account }
    expect(exchange(pair, { bensIntroduction: foreign }).ada).toBe('ERR_LINK_ACCOUNT')
  })

  test('LNK-6 a hello carried on by another device', async () => {
    const end = exchange(await adaAndBen(), { diallerByNoise: idOf(signerOf(68)) })
    expect([end.ben, end.ada]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
  })

  test.each([1, 2, 3, 4])(
    'LNK-7 LNK-8 message %i changed, sent back or repeated',
    async (number) => {
      const pair = await adaAndBen()
      for (const change of [
        (frame: Uint8Array) => bent(frame, Math.floor(frame.length / 2)),
        (frame: Uint8Array) => bent(frame, frame.length - 1),
        (frame: Uint8Array) => frame.subarray(1),
        (frame: Uint8Array, sent: readonly Uint8Array[]) => sent.at(-2) ?? frame.subarray(2),
        (frame: Uint8Array, sent: readonly Uint8Array[]) => sent.at(-3) ?? frame.subarray(3),
      ]) {
        const end = exchange(pair, {
          tamper: (frame, at, sent) => (at === number ? change(frame, sent) : frame),
        })
        expect(end.ben).toMatch(/^ERR_/)
        expect(end.bensContact).toBeUndefined()
        if (number < 4) expect(end.ada).toMatch(/^ERR_/)
      }
    },
  )
})
