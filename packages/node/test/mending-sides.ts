import {
  directChatId,
  type Envelope,
  envelopeCodec,
  type MessageId,
  messageIdFromBytes,
  type Party,
} from '@kithmesh/protocol'
import { expect, onTestFinished } from 'vitest'
import { createTime, type Time } from '../../../test/scenarios/time.ts'
import { openDeviceLogs } from '../src/account/device-logs.ts'
import { type Cards, openCards } from '../src/cards.ts'
import { openChats } from '../src/chats.ts'
import { createMending, type Mending, type Sent } from '../src/delivery/mending.ts'
import { type Outbox, openOutbox } from '../src/delivery/outbox.ts'
import { commitSealed, openSessions, type Sessions } from '../src/delivery/sessions.ts'
import { commitStaged, stagedOps } from '../src/staged.ts'
import { openContext, type TestContext } from './context.ts'
import { accountNamed } from './people.ts'

/** The chat of Ada and Ben. */
export const CHAT = directChatId(accountNamed('a'), accountNamed('b'))

/** One device, and what it keeps of its sessions. */
export interface Side {
  readonly context: TestContext
  readonly party: Party
  readonly cards: Cards
  readonly sessions: Sessions
  readonly mending: Mending
  readonly outbox: Outbox
  /** Devices that are out are in no account. */
  readonly out: Set<Party['device']>
  /** The same device after a restart. */
  restart(): Promise<Side>
}

/** Which account each device is in. */
export const everybody = new Map<Party['device'], Party['account']>()

/** A device of an account with what mends its sessions. */
export async function side(letter: string, time: Time, known?: TestContext): Promise<Side> {
  const context = known ?? (await openContext(time))
  if (!known) onTestFinished(() => context.store.close())
  const account = accountNamed(letter)
  const party = { account, device: context.device }
  everybody.set(context.device, account)
  const cards = await openCards(context)
  const logs = await openDeviceLogs(context)
  const sessions = openSessions(context, { account, cards, logs })
  const outbox = await openOutbox(context)
  const out = new Set<Party['device']>()
  const mending = createMending(context, {
    account,
    logs: { accountOf: (device) => (out.has(device) ? undefined : everybody.get(device)) },
    chats: openChats(context, account),
    sessions,
    outbox,
  })
  const restart = (): Promise<Side> => side(letter, time, context)
  return { context, party, cards, sessions, mending, outbox, out, restart }
}

/** Gives one side the card of the other. */
export async function meet(one: Side, other: Side): Promise<void> {
  const staged = await one.cards.stage(other.party.device, other.cards.own())
  await commitStaged(one.context.store, staged ? [staged] : [])
}

/** Seals a byte, as the sender commits it. */
export async function seal(from: Side, to: Side): Promise<Uint8Array> {
  const copy = await from.sessions.seal(to.party, Uint8Array.of(1), CHAT)
  if (!copy) throw new Error('there is a card')
  return commitSealed(from.context.store, copy, () => stagedOps())
}

/** A message id, by number. */
export function id(number: number): MessageId {
  return messageIdFromBytes(new Uint8Array(16).fill(number))
}

/** Two devices that know each other. */
export interface Pair {
  readonly time: Time
  readonly ada: Side
  readonly ben: Side
  /** An envelope of Ada's that Ben cannot open, as it arrives and as she sent it. */
  broken(message: number): Promise<{ readonly envelope: Envelope; readonly sent: Sent }>
}

/** Ada seals to a session that Ben does not have any more. */
export async function pair(): Promise<Pair> {
  const time = createTime()
  const [ada, ben] = [await side('a', time), await side('b', time)]
  await Promise.all([meet(ada, ben), meet(ben, ada)])
  for (const [from, to] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    const opened = await to.sessions.open(envelopeCodec.decode(await seal(from, to)))
    if (opened.kind === 'opened') await commitStaged(to.context.store, [opened.stage()])
  }
  await commitStaged(ben.context.store, [ben.sessions.stageForget(ada.party.device)])
  return {
    time,
    ada,
    ben,
    broken: async (message) => {
      const bytes = await seal(ada, ben)
      const envelope = envelopeCodec.decode(bytes)
      expect(await ben.sessions.open(envelope)).toEqual({ kind: 'cannot-open' })
      return { envelope, sent: { recipient: ben.party, message: id(message), envelope: bytes } }
    },
  }
}

/** Everything a side keeps of its sessions. */
export async function stateOf({ context }: Side): Promise<readonly unknown[]> {
  const kept: unknown[] = []
  for await (const entry of context.tables.sessions.entries()) kept.push(entry)
  for await (const entry of context.tables.resets.entries()) kept.push(entry)
  return kept
}
