import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nativePrimitives } from '../../test/native-primitives.ts'
import {
  type Cast,
  createActor,
  createCast,
  createEnvironment,
  createSeededRng,
  createSides,
  type Side,
} from '../../test/session-cast.ts'
import { envelopeCodec } from '../envelope.ts'
import { createOneTimeCard, type PrekeySecrets } from './device-card.ts'
import type { Primitives } from './primitives.ts'
import { createSessionCipher } from './session-cipher.ts'
import { sessionSetCodec } from './session-codec.ts'
import type { SessionSet } from './session-set.ts'

/** Who does what. `pick` chooses among the envelopes on the way. */
type Step =
  | { readonly kind: 'say'; readonly by: 'ada' | 'ben' }
  | { readonly kind: 'deliver' | 'lose' | 'repeat'; readonly pick: number }
  | { readonly kind: 'anew' | 'anew once'; readonly by: 'ada' | 'ben' }
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
  arbitrary: fc.record({ kind: fc.constantFrom('anew' as const, 'anew once' as const), by }),
}

/** Schedules in which states are rewound, for B2. */
const REWINDS = Number(process.env['KITH_SESSION_REWINDS'] ?? 100)

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
  readonly #cast: Cast
  /** Secrets of one-time cards are put in as they are made. */
  readonly #prekeys: { readonly ada: PrekeySecrets[]; readonly ben: PrekeySecrets[] }
  readonly #snapshots: { ada?: SessionSet; ben?: SessionSet } = {}

  constructor(cast: Cast, sets?: { readonly ada: SessionSet; readonly ben: SessionSet }) {
    this.#cast = cast
    this.#prekeys = { ada: [...cast.ada.prekeys], ben: [...cast.ben.prekeys] }
    this.sides = createSides({
      ...cast,
      ada: { ...cast.ada, prekeys: this.#prekeys.ada },
      ben: { ...cast.ben, prekeys: this.#prekeys.ben },
    })
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
      case 'anew once':
        return this.#store(step.by, () => this.#startOnce(step.by))
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

  /** From a card the peer makes for this one session (SES-21). */
  async #startOnce(by: 'ada' | 'ben'): Promise<void> {
    const { environment } = this.#cast
    const [self, peer] = [this.#cast[by], by === 'ada' ? this.#cast.ben : this.#cast.ada]
    const identity = { signer: peer.signer, identityKey: peer.own.identityKey }
    const { card, secrets } = await createOneTimeCard(identity, environment)
    this.#prekeys[by === 'ada' ? 'ben' : 'ada'].push(secrets)
    const side = this.sides[by]
    const cipher = createSessionCipher(environment)
    side.set = await cipher.start(side.set, { self: self.own, peerCard: card })
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

  // The only AEAD here whose key comes from a state that a backup can rewind. A link's channel lives in memory and
  // draws its nonces (LNK-8); a lockbox draws its key with each box, and the nonce follows from it (SES-17).
  test(`B2 SES-9 no key is used twice, so no key and nonce meet twice, over ${REWINDS} schedules of snapshots and restores`, {
    timeout: 30_000 + REWINDS * 1000,
  }, async () => {
    const used = new Set<string>()
    const keys = new Set<string>()
    let seals = 0
    const environment = createEnvironment(
      'B2',
      recordingSeals((keyAndNonce) => {
        seals++
        used.add(keyAndNonce)
        keys.add(keyAndNonce.split('/', 1).join())
      }),
    )
    const cast = await createCast(environment)
    const castWithTablet = { ...cast, ben: await createActor('tablet of ben', environment) }
    const casts = [
      { cast, talked: await talkedSets(cast) },
      { cast: castWithTablet, talked: await talkedSets(castWithTablet) },
    ]
    const steps = fc.array(fc.oneof(...talking, rewinding, startingAnew), {
      minLength: 20,
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const conversations = casts.map(({ cast, talked }) => new Conversation(cast, talked))
        for (const [at, step] of schedule.entries()) {
          for (const conversation of concerned(conversations, step, at)) {
            const delivery = await conversation.take(step)
            if (delivery === undefined) continue
            // A rewound side may fail to open, but never opens to anything else than what was said.
            expect([delivery.sent.text, 'duplicate', 'refused']).toContain(delivery.outcome)
          }
        }
      }),
      { numRuns: REWINDS },
    )
    expect(seals).toBeGreaterThan(REWINDS * 7)
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

/** What Ada says goes to both of Ben's devices, and her disk is rewound as a whole; all else is one pair's. */
function concerned(
  conversations: readonly Conversation[],
  step: Step,
  at: number,
): readonly Conversation[] {
  const isOfAda = 'by' in step && step.by === 'ada' && !step.kind.startsWith('anew')
  return isOfAda ? conversations : conversations.filter((_, index) => index === at % 2)
}

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
