import { directChatId, envelopeCodec } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import { openCards } from '../cards.ts'
import { commitStaged } from '../staged.ts'
import { openSessions, type SealedCopy, type Sessions } from './sessions.ts'

const CHAT = directChatId(accountNamed('a'), accountNamed('b'))
const HOUR_MS = 60 * 60 * 1000

interface Side {
  readonly context: TestContext
  readonly sessions: Sessions
  /** Takes the other's card. */
  meet(other: Side): Promise<void>
  readonly card: Uint8Array
  readonly party: {
    readonly account: ReturnType<typeof accountNamed>
    readonly device: TestContext['device']
  }
}

async function side(letter: string, now: () => number): Promise<Side> {
  const context = await openContext({ clock: { now, monotonic: now } })
  const account = accountNamed(letter)
  const cards = await openCards(context)
  const logs = await openDeviceLogs(context)
  return {
    context,
    sessions: openSessions(context, { account, cards, logs }),
    card: cards.own(),
    party: { account, device: context.device },
    meet: async (other) => {
      const staged = await cards.stage(other.context.device, other.card)
      await commitStaged(context.store, staged ? [staged] : [])
    },
  }
}

/** Seals, keeps the step, and tells of what kind the envelope is. */
async function send(from: Side, to: Side): Promise<SealedCopy & { readonly kind: string }> {
  const copy = await from.sessions.seal(to.party, Uint8Array.of(1), CHAT)
  if (!copy) throw new Error('there is a card')
  await commitStaged(from.context.store, [copy.staged])
  return { ...copy, kind: envelopeCodec.decode(copy.envelope).kind }
}

async function pass(from: Side, to: Side): Promise<string> {
  const { envelope, kind } = await send(from, to)
  const opened = await to.sessions.open(envelopeCodec.decode(envelope))
  if (opened.kind !== 'opened') throw new Error('it does not open')
  await commitStaged(to.context.store, [opened.staged])
  return kind
}

test('DEL-14 without a card nothing can be sealed yet, with one it can', async () => {
  const [ada, ben] = [await side('a', Date.now), await side('b', Date.now)]
  expect(await ada.sessions.seal(ben.party, Uint8Array.of(1), CHAT)).toBeUndefined()
  await ada.meet(ben)
  expect(await pass(ada, ben)).toBe('initial')
})

test('DEL-10 a new session is started for a pair at most once an hour, whatever is refused', async () => {
  let now = 1_000_000
  const clock = (): number => now
  const [ada, ben] = [await side('a', clock), await side('b', clock)]
  await ada.meet(ben)
  const settle = async (): Promise<string> => {
    await pass(ada, ben)
    await pass(ben, ada)
    return pass(ada, ben)
  }
  expect(await settle()).toBe('ratchet')

  ada.sessions.restart(ben.context.device)
  expect(await pass(ada, ben)).toBe('initial')
  expect(await settle()).toBe('ratchet')

  now += HOUR_MS - 1
  ada.sessions.restart(ben.context.device)
  expect(await pass(ada, ben)).toBe('ratchet')
  now += 1
  ada.sessions.restart(ben.context.device)
  expect(await pass(ada, ben)).toBe('initial')
})

test('SES-11 a step that was not kept is taken again from where the disk is', async () => {
  const [ada, ben] = [await side('a', Date.now), await side('b', Date.now)]
  await ada.meet(ben)
  await pass(ada, ben)
  const lost = await ada.sessions.seal(ben.party, Uint8Array.of(1), CHAT)
  lost?.staged.discard?.()
  expect(await pass(ada, ben)).toBe('initial')
})
