import type { KithNode, RecoveryPlan, RecoveryState, WordAnswer } from '@kithmesh/node'

/** What a fake device shows as its words. */
export const WORDS: readonly string[] =
  'legal winner thank year wave sausage worth useful legal winner thank yellow'.split(' ')

/** 2026-03-03T09:00:00Z */
const SINCE = Date.UTC(2026, 2, 3, 9)
const brand = <T extends string>(text: string): T => text as T
export const RESTORED: RecoveryPlan['account'] = brand(`a${'a'.repeat(52)}`)
const NEW_DEVICE: RecoveryPlan['devices'][number]['device'] = brand(`12D3KooW${'L'.repeat(44)}`)

/** What a fake recovery says before it starts. */
const PLAN: RecoveryPlan = {
  account: RESTORED,
  name: 'Ada',
  since: SINCE,
  devices: [
    { device: brand('12D3KooWPhone'), name: 'phone', kind: 'cli', kept: false, answered: false },
  ],
  contacts: 12,
  starred: 1,
  settings: 3,
  copyMadeAt: Date.UTC(2026, 10, 20, 18),
  fromRemoved: false,
  history: 'none',
  sources: [{ device: brand('12D3KooWBen'), own: false, name: 'Ben' }],
  number: 1,
}

/** What a test sets, and what happened. */
export interface FakeRecovery {
  state: RecoveryState
  answers: readonly WordAnswer[]
  plan: RecoveryPlan
  /** What the last restore was asked for. */
  asked: { words: string; from: readonly string[]; keep: readonly string[] } | undefined
  failure: Error | undefined
  copies: boolean
}

export function newFakeRecovery(): FakeRecovery {
  return {
    state: 'kept',
    answers: [],
    plan: PLAN,
    asked: undefined,
    failure: undefined,
    copies: true,
  }
}

/** The words of a fake device, and a recovery that asks before it is done. */
export function fakeRecovery(fake: {
  readonly recovery: FakeRecovery
  account: RecoveryPlan['account'] | undefined
}): KithNode['recovery'] {
  const { recovery } = fake
  const orFail = (): void => {
    if (recovery.failure) throw recovery.failure
  }
  return {
    state: async () => recovery.state,
    show: async () => {
      orFail()
      return WORDS
    },
    challenge: async () => {
      orFail()
      return [2, 6, 12]
    },
    confirm: async (answers) => {
      orFail()
      recovery.answers = answers
      const isRight = answers.every(({ place, word }) => WORDS[place - 1] === word)
      if (!isRight) throw fakeError('ERR_WORDS_WRONG', 'these are not the words')
      recovery.state = 'confirmed'
    },
    copies: async (on) => {
      recovery.copies = on ?? recovery.copies
      return recovery.copies
    },
    restore: async (words, { from, keep = [], confirm }) => {
      orFail()
      recovery.asked = { words, from, keep }
      if ((await confirm(recovery.plan)) === false) {
        throw fakeError('ERR_RECOVERY_DECLINED', 'it was not confirmed')
      }
      fake.account = RESTORED
      return { account: RESTORED, device: NEW_DEVICE, kept: [] }
    },
  }
}

function fakeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'KithError', code })
}
