import { describe, expect, test } from 'vitest'
import { type WaitingFacts, waitingReason } from './waiting-reason.ts'

const facts: WaitingFacts = {
  name: 'Ben',
  of: 2,
  reached: 0,
  connected: 0,
  canSeal: false,
  held: false,
  ended: false,
}

describe('DEL-42 what a message waits for', () => {
  test.each<[string, Partial<WaitingFacts>, string, string]>([
    ['nobody is there', {}, 'away', "Ben's devices are all away"],
    ['the only device is away', { of: 1 }, 'away', "Ben's device is away"],
    ['a name with an s', { name: 'Jess', of: 1 }, 'away', "Jess' device is away"],
    ['one of two is away', { reached: 1 }, 'some-away', "1 of Ben's 2 devices is away"],
    ['two of three are away', { reached: 1, of: 3 }, 'some-away', "2 of Ben's 3 devices are away"],
    ['no device log', { of: 0 }, 'no-device-log', "Ben's devices are not known here yet"],
    ['a device is there', { connected: 1, canSeal: true }, 'sending', 'It is being sent'],
    [
      'nothing to seal with',
      { connected: 1 },
      'no-card',
      'A device of Ben has yet to say how to seal for it; or a clock here or there is wrong',
    ],
    [
      'the account is held, whoever is there',
      { held: true, connected: 1, canSeal: true },
      'held',
      'Ben has a new account, which you have not accepted yet',
    ],
    [
      'its time is over',
      { ended: true, held: true },
      'ended',
      'No device of Ben came in time; it is not tried any more',
    ],
    [
      'its time is over, and one has it',
      { ended: true, reached: 1 },
      'ended',
      '1 device of Ben did not come in time; it is not tried any more',
    ],
  ])('DEL-42 %s', (_, given, reason, text) => {
    expect(waitingReason({ ...facts, ...given })).toEqual({ reason, text })
  })
})
