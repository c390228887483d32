import { describe, expect, test } from 'vitest'
import { createEnvironment, START } from '../../test/session-cast.ts'
import { noblePrimitives } from './noble-primitives.ts'
import { createKeyPair } from './party.ts'
import {
  initiatorRatchet,
  type Ratchet,
  type RatchetHeader,
  responderRatchet,
  settleReceiving,
  stepReceiving,
  stepSending,
} from './ratchet.ts'

const environment = createEnvironment('ratchet steps', noblePrimitives)
const sharedKey = new Uint8Array(32).fill(3)

async function send(ratchet: Ratchet) {
  const step = await stepSending(ratchet, environment)
  if (step === undefined) throw new Error('it can send')
  return step
}

async function receive(ratchet: Ratchet, header: RatchetHeader): Promise<Ratchet> {
  const step = await stepReceiving(ratchet, header, environment)
  if (step.kind !== 'key') throw new Error(`the step was ${step.kind}`)
  return settleReceiving(step, environment.primitives)
}

/** Ada has heard from Ben once, and sent since: so Ben may turn. */
async function talking() {
  const prekey = await createKeyPair(environment)
  const first = await send(initiatorRatchet({ sharedKey, prekey: prekey.publicKey, at: START }))
  const start = responderRatchet({ sharedKey, prekey, at: START })
  const answer = await send(await receive(start, first.header))
  const again = await send(await receive(first.ratchet, answer.header))
  return { ada: again.ratchet, ben: answer.ratchet, answer }
}

/** A header of Ben's next chain, as a hostile Ben might write it. */
async function nextChain(previousLength: number): Promise<RatchetHeader> {
  const { publicKey } = await createKeyPair(environment)
  return { ratchetKey: publicKey, previousLength, number: 0 }
}

describe('single steps of the ratchet', () => {
  test('SES-12 the rest of an ended chain may be 1,000 messages, and no more', async () => {
    const { ada } = await talking()
    const within = await stepReceiving(ada, await nextChain(1001), environment)
    expect(within).toMatchObject({ kind: 'key' })
    const beyond = await stepReceiving(ada, await nextChain(1002), environment)
    expect(beyond).toEqual({ kind: 'refused', code: 'ERR_SESSION_SKIPPED' })
  })

  test('SES-12 what counts is how many are passed over, not how long the chain is', async () => {
    const { ada, answer } = await talking()
    const at = (number: number): RatchetHeader => ({ ...answer.header, number })
    const passed = await receive(await receive(ada, at(900)), at(1800))
    expect(passed.receiving?.number).toBe(1801)
    expect(passed.skipped).toHaveLength(1000)
  })

  test('SES-30 a header says nothing of the KEM while there is nothing to say', async () => {
    const { answer } = await talking()
    expect(Object.keys(answer.header)).toEqual(['ratchetKey', 'previousLength', 'number'])
  })
})
