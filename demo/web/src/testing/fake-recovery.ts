import type { KithNode, RecoveryPlan, RecoveryState } from '@kithmesh/node'

/** What a fake device shows as its words. */
export const FAKE_WORDS: readonly string[] =
  'legal winner thank year wave sausage worth useful legal winner thank yellow'.split(' ')

const PLACES = [2, 6, 12]
const fakeId = <Id extends string>(text: string): Id => text as Id

/** What a fake recovery says before it starts. */
const FAKE_PLAN: RecoveryPlan = {
  account: fakeId('aAda'),
  name: 'Ada',
  since: Date.UTC(2026, 2, 3, 9),
  devices: [
    { device: fakeId('12D3KooWPhone'), name: 'phone', kind: 'cli', kept: false, answered: false },
    { device: fakeId('12D3KooWDesk'), name: 'desk', kind: 'cli', kept: false, answered: true },
  ],
  contacts: 12,
  starred: 1,
  settings: 3,
  copyMadeAt: Date.UTC(2026, 10, 20, 18),
  fromRemoved: false,
  history: 'none',
  sources: [{ device: fakeId('12D3KooWBen'), own: false, name: 'Ben' }],
  number: 1,
}

/** The words of a fake device, and a recovery that asks before it is done. */
export function recoveryOf({
  world,
  kithError,
  orFail,
  restored,
}: {
  readonly world: { recovery: RecoveryState }
  readonly kithError: (code: string, message: string) => Error
  readonly orFail: (call: 'recovery.challenge' | 'recovery.restore') => void
  readonly restored: (account: RecoveryPlan['account']) => void
}): KithNode['recovery'] {
  const show = async (): Promise<readonly string[]> => {
    if (world.recovery === 'kept') return FAKE_WORDS
    throw kithError('ERR_WORDS_GONE', 'the recovery words are not on this device')
  }
  return {
    state: async () => world.recovery,
    show,
    challenge: async () => {
      orFail('recovery.challenge')
      return PLACES
    },
    confirm: async (answers) => {
      const isRight = answers.every(({ place, word }) => FAKE_WORDS[place - 1] === word.trim())
      if (!isRight) throw kithError('ERR_WORDS_WRONG', 'these are not the words at these places')
      world.recovery = 'confirmed'
    },
    copies: async (on = true) => on,
    restore: async (words, { confirm }) => {
      orFail('recovery.restore')
      if (words !== FAKE_WORDS.join(' ')) throw kithError('ERR_WORDS', 'not the 12 words')
      const answer = await confirm(FAKE_PLAN)
      if (answer === false) throw kithError('ERR_RECOVERY_DECLINED', 'it was not confirmed')
      restored(FAKE_PLAN.account)
      const kept = answer === true ? [] : answer.keep
      return { account: FAKE_PLAN.account, device: fakeId('12D3KooWFakePage'), kept }
    },
  }
}
