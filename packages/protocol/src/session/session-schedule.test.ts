import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nativePrimitives } from '../../test/native-primitives.ts'
import {
  type Cast,
  createCast,
  createEnvironment,
  createSeededRng,
  createSides,
  type Side,
} from '../../test/session-cast.ts'
import { envelopeCodec } from '../envelope.ts'
import type { Primitives } from './primitives.ts'
import { sessionSetCodec } from './session-codec.ts'
import type { SessionSet } from './session-set.ts'

/** Who does what. `pick` chooses among the envelopes on the way. */
type Step =
  | { readonly kind: 'say'; readonly by: 'ada' | 'ben' }
  | { readonly kind: 'deliver' | 'lose' | 'repeat'; readonly pick: number }
  | { readonly kind: 'anew'; readonly by: 'ada' | 'ben' }
  | { readonly kind: 'snapshot' | 'restore'; readonly by: 'ada' | 'ben' }

const by = fc.constantFrom('ada' as const, 'ben' as const)
const pick = fc.nat({ max: 1000 })
const talking: fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('say' as const), by }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'repeat' as const), pick }),
  },
]
const rewinding: fc.WeightedArbitrary<Step> = {
  weight: 3,
  arbitrary: fc.record({ kind: fc.constantFrom('snapshot' as const, 'restore' as const), by }),
}
const startingAnew: fc.WeightedArbitrary<Step> = {
  weight: 1,
  arbitrary: fc.record({ kind: fc.constant('anew' as const), by }),
}

interface Sent {
  readonly envelope: Uint8Array
  readonly to: 'ada' | 'ben'
  readonly text: string
  delivered: boolean
}

/** Both sides and what is between them; every set goes through its bytes after every step. */
class Conversation {
  readonly sides: { readonly ada: Side; readonly ben: Side }
  readonly onTheWay: Sent[] = []
  readonly arrived: Sent[] = []
  #said = 0
  readonly #snapshots: { ada?: SessionSet; ben?: SessionSet } = {}

  constructor(cast: Cast, sets?: { readonly ada: SessionSet; readonly ben: SessionSet }) {
    this.sides = createSides(cast)
    if (sets === undefined) return
    this.sides.ada.set = sets.ada
    this.sides.ben.set = sets.ben
  }

  /** What became of a delivery, to be judged by the test. */
  async take(step: Step): Promise<{ readonly sent: Sent; readonly outcome: Outcome } | undefined> {
    switch (step.kind) {
      case 'say':
        return this.#say(step.by)
      case 'anew':
        return this.#store(step.by, () => this.sides[step.by].startAnew())
      case 'snapshot':
        this.#snapshots[step.by] = this.sides[step.by].set
        return undefined
      case 'restore':
        this.sides[step.by].set = this.#snapshots[step.by] ?? this.sides[step.by].set
        return undefined
      case 'lose':
        this.onTheWay.splice(step.pick % Math.max(1, this.onTheWay.length), 1)
        return undefined
      case 'deliver':
        return this.#deliver(
          this.onTheWay.splice(step.pick % Math.max(1, this.onTheWay.length), 1)[0],
        )
      case 'repeat':
        return this.#deliver(this.arrived[step.pick % Math.max(1, this.arrived.length)])
    }
  }

  async #say(by: 'ada' | 'ben'): Promise<undefined> {
    const text = `${by} ${this.#said++}`
    await this.#store(by, async () => {
      const envelope = envelopeCodec.encode(await this.sides[by].say(text))
      const to = by === 'ada' ? 'ben' : 'ada'
      this.onTheWay.push({ envelope, to, text, delivered: false })
    })
  }

  async #deliver(sent: Sent | undefined): Promise<{ sent: Sent; outcome: Outcome } | undefined> {
    if (sent === undefined) return undefined
    let outcome: Outcome = 'refused'
    await this.#store(sent.to, async () => {
      const before = this.sides[sent.to].set
      const heard = await this.sides[sent.to].hear(envelopeCodec.decode(sent.envelope))
      outcome = heard.kind === 'opened' ? heard.text : heard.kind
      if (heard.kind !== 'opened') expect(this.sides[sent.to].set).toBe(before)
    })
    this.arrived.push(sent)
    return { sent, outcome }
  }

  async #store(by: 'ada' | 'ben', step: () => Promise<void>): Promise<undefined> {
    await step()
    const side = this.sides[by]
    side.set = sessionSetCodec.decode(sessionSetCodec.encode(side.set))
  }
}

type Outcome = string

/** Sets of a pair that has talked, to begin some schedules there: states are values. */
async function talkedSets(cast: Cast): Promise<{ ada: SessionSet; ben: SessionSet }> {
  const { ada, ben } = createSides(cast)
  await ben.hear(await ada.say('hello'))
  await ada.hear(await ben.say('hi'))
  return { ada: ada.set, ben: ben.set }
}

describe('schedules', () => {
  test('B1 SES-11 whatever is lost, late or repeated, every envelope opens once to its text', async () => {
    const cast = await createCast()
    const talked = await talkedSets(cast)
    const steps = fc.array(fc.oneof(...talking), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, fc.nat({ max: 3 }), async (schedule, from) => {
        const conversation = new Conversation(cast, from === 0 ? undefined : talked)
        for (const step of schedule) {
          const delivery = await conversation.take(step)
          if (delivery === undefined) continue
          const { sent, outcome } = delivery
          if (sent.delivered) expect(['duplicate', 'refused']).toContain(outcome)
          else expect(outcome).toBe(sent.text)
          sent.delivered = true
        }
      }),
      { numRuns: 150 },
    )
  })

  test('SES-13 it holds also while either side starts anew', async () => {
    const cast = await createCast()
    const talked = await talkedSets(cast)
    const steps = fc.array(fc.oneof(...talking), { minLength: 10, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, by, fc.nat({ max: 9 }), async (schedule, who, at) => {
        const conversation = new Conversation(cast, talked)
        // At most four sessions: none is dropped for being the oldest.
        const restarts: Step[] = [
          { kind: 'anew', by: who },
          { kind: 'anew', by: 'ada' },
        ]
        const whole = [...schedule.slice(0, at), ...restarts, ...schedule.slice(at)]
        for (const step of whole) {
          const delivery = await conversation.take(step)
          if (delivery === undefined) continue
          const { sent, outcome } = delivery
          if (!sent.delivered) expect(outcome).toBe(sent.text)
          sent.delivered = true
        }
      }),
      { numRuns: 40 },
    )
  })

  test('B2 SES-9 no key is used twice, so no key and nonce meet twice, over 300 schedules of snapshots and restores', async () => {
    const used = new Set<string>()
    const keys = new Set<string>()
    let seals = 0
    const cast = await createCast(
      createEnvironment(
        'B2',
        recordingSeals((keyAndNonce) => {
          seals++
          used.add(keyAndNonce)
          keys.add(keyAndNonce.split('/', 1).join())
        }),
      ),
    )
    const talked = await talkedSets(cast)
    const steps = fc.array(fc.oneof(...talking, rewinding, startingAnew), {
      minLength: 20,
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const conversation = new Conversation(cast, talked)
        for (const step of schedule) {
          const delivery = await conversation.take(step)
          if (delivery === undefined) continue
          // A rewound side may fail to open, but never opens to anything else than what was said.
          expect([delivery.sent.text, 'duplicate', 'refused']).toContain(delivery.outcome)
        }
      }),
      { numRuns: 300 },
    )
    expect(seals).toBeGreaterThan(2000)
    expect(used.size).toBe(seals)
    expect(keys.size).toBe(seals)
  })

  test('B2 the record of keys and nonces notices when randomness is rewound too', async () => {
    const used: string[] = []
    const cast = await createCast(
      createEnvironment(
        'B2',
        recordingSeals((keyAndNonce) => used.push(keyAndNonce)),
      ),
    )
    const { ada } = createSides(cast)
    await ada.say('hello')
    const before = ada.set
    used.length = 0
    for (const _ of ['first', 'second']) {
      ada.set = before
      await ada.say('the same again', { ...cast.environment, rng: createSeededRng('rewound') })
    }
    expect(used).toHaveLength(2)
    expect(new Set(used).size).toBe(1)
  })
})

function recordingSeals(record: (keyAndNonce: string) => void): Primitives {
  const { xchacha20Poly1305 } = nativePrimitives
  return {
    ...nativePrimitives,
    xchacha20Poly1305: {
      seal: (input) => {
        record(
          `${Buffer.from(input.key).toString('hex')}/${Buffer.from(input.nonce).toString('hex')}`,
        )
        return xchacha20Poly1305.seal(input)
      },
      open: (input) => xchacha20Poly1305.open(input),
    },
  }
}
