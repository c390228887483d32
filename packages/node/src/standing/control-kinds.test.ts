/** What only devices of the account may say, said by everybody (A5). */

import {
  createDeviceCard,
  createKeyPair,
  createRevoke,
  createSuspend,
  deviceCardCodec,
  deviceLogCodec,
  entryIdOfBody,
  lastEntryOf,
  parseDeviceId,
  reduceDeviceLog,
  type SignedEntry,
} from '@kithmesh/protocol'
import { createEpoch, createEpochRing, epochKeysCodec, sealEpoch } from '@kithmesh/sync'
import { describe, expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { CLASSES, createStage, helloOf, type Stage, say } from '../../test/control-stage.ts'
import { accountOf } from '../../test/devices.ts'
import { EPOCHS, readAccount } from '../account/account.ts'
import { helloCodec } from '../greeting/hello-wire.ts'
import { nodePlatform } from '../platform.node.ts'
import { HELLO, SYNC } from '../protocols.ts'

/** A suspend of the desk, signed by the sender behind whatever it wrote last. */
async function suspendOf(at: Stage): Promise<SignedEntry> {
  const common = commonOf(at)
  return createSuspend({ ...common, reason: 'lost' }, at.sender.signer)
}

/** What every entry of the sender about the desk says. */
function commonOf({ sender, phone, desk, entries }: Stage): Parameters<typeof createRevoke>[0] {
  const account = accountOf(phone)
  const state = reduceDeviceLog(account, entries)
  const isOurs = state.devices.has(sender.device)
  const [genesis] = state.entries
  const prev = isOurs
    ? lastEntryOf(state, sender.device)
    : entryIdOfBody(genesis?.body ?? new Uint8Array())
  const target = state.devices.get(desk.device)?.addedBy ?? prev
  const at = sender.clock.now()
  return { account, author: sender.device, prev, target, at }
}

/** A newer card of the desk, as genuine as the one it shows itself. */
async function cardOfDesk({ sender, deskHome }: Stage): Promise<Uint8Array> {
  const signer = await nodePlatform.openIdentity(deskHome)
  const identityKey = await createKeyPair(sender)
  const { card } = await createDeviceCard({ signer, identityKey, number: 50 }, sender)
  return deviceCardCodec.encode(card)
}

/** Number of the card of the desk on the phone's disk. */
async function deskCardAtPhone({ phone, phoneHome, desk }: Stage): Promise<number> {
  await phone.stop()
  const context = await openContext({ home: phoneHome })
  const stored = await context.tables.cards.get(parseDeviceId(desk.device))
  await context.store.close()
  return stored ? deviceCardCodec.decode(stored).number : 0
}

async function stateOfDesk({ phone, desk }: Stage): Promise<string | undefined> {
  return (await phone.devices.list()).find(({ device }) => device === desk.device)?.state
}

/** Keys of the epochs on the phone's disk. */
async function epochsOfPhone({ phone, phoneHome }: Stage): Promise<readonly string[]> {
  await phone.stop()
  const context = await openContext({ home: phoneHome })
  const stored = await context.tables.device.get(EPOCHS)
  await context.store.close()
  return epochKeysCodec.decode(stored ?? new Uint8Array()).map(({ key }) => String(key))
}

describe('A5 what only devices of the account may say', () => {
  for (const sender of CLASSES) {
    const counts = sender === 'own'

    // By one that is suspended it counts (protocol.md §2, rule 5): an unlinked one has no say.
    const isHeard = counts || sender === 'suspended'
    test(`A5 an entry of the device log by ${sender} ${isHeard ? 'counts' : 'does nothing'}`, async () => {
      const at = await createStage(sender)
      const account = accountOf(at.phone)
      const forged = await suspendOf(at)
      await say(at, [
        await helloOf(at),
        { kind: 'log', account, entries: deviceLogCodec.encode([...at.entries, forged]) },
        { kind: 'done' },
      ])
      expect(await stateOfDesk(at)).toBe(isHeard ? 'suspended' : 'active')
    })

    test(`A5 LOG-3 a revoke of a device that is not below ${sender} does nothing`, async () => {
      const at = await createStage(sender)
      const account = accountOf(at.phone)
      const forged = await createRevoke(commonOf(at), at.sender.signer)
      const hello = await helloOf(at)
      const entries = deviceLogCodec.encode([...at.entries, forged])
      await say(at, [hello, { kind: 'log', account, entries }, { kind: 'done' }])
      expect(await stateOfDesk(at)).toBe('active')
    })

    const isCardTaken = counts || sender === 'a contact'
    test(`A5 SES-19 a card of another device, brought by ${sender}, is ${isCardTaken ? 'taken' : 'not taken'}`, async () => {
      const at = await createStage(sender)
      const account = accountOf(at.phone)
      await say(at, [
        { ...(await helloOf(at)), account: (await readAccount(at.sender)) ?? account },
        { kind: 'log', account, entries: deviceLogCodec.encode(at.entries) },
        { kind: 'card', card: await cardOfDesk(at) },
        { kind: 'done' },
      ])
      expect((await deskCardAtPhone(at)) === 50).toBe(isCardTaken)
    })

    test(`A5 an epoch by ${sender} is ${counts ? 'taken' : 'not taken'}`, async () => {
      const at = await createStage(sender)
      const { sender: speaker, phone } = at
      const account = accountOf(phone)
      const card = await cardOfPhone(at)
      const own = createEpoch(speaker.rng, 7, { at: speaker.clock.now() })
      const epoch = (await createEpochRing([own], speaker.primitives)).current()
      const ends = { account, giver: speaker.device, recipient: phone.device }
      const now = speaker.clock.now()
      const grants = [sealEpoch(epoch, { ...ends, card, now }, speaker.rng)]
      await say(at, [
        await helloOf(at),
        { kind: 'log', account, entries: deviceLogCodec.encode(at.entries) },
        { kind: 'epochs', grants, head: reduceDeviceLog(account, at.entries).head },
        { kind: 'done' },
      ])
      const held = await epochsOfPhone(at)
      expect(held.includes(String(own.key))).toBe(counts)
    })

    test(`A5 the word of ${sender} that the phone is out is no proof of it`, async () => {
      const at = await createStage(sender)
      const forged = await suspendOf({ ...at, desk: at.phone })
      await say(at, [
        await helloOf(at),
        { kind: 'out', entries: deviceLogCodec.encode([...at.entries, forged]) },
        { kind: 'done' },
      ])
      expect((await at.phone.status()).left).toBeUndefined()
    })

    test(`A5 the account log is ${counts ? 'exchanged with one’s own' : `closed to ${sender}`}`, async () => {
      const at = await createStage(sender)
      const stream = await at.sender.net.open(at.phone.device, SYNC)
      const first = await stream.incoming[Symbol.asyncIterator]()
        .next()
        .catch(() => ({ done: true }))
      expect(first.done !== true).toBe(counts)
      stream.abort(new Error('enough'))
    })
  }
})

async function cardOfPhone({
  sender,
  devices,
  phone,
}: Stage): Promise<ReturnType<typeof deviceCardCodec.decode>> {
  const kept = await sender.tables.cards.get(phone.device)
  if (kept) return deviceCardCodec.decode(kept)
  // Somebody who is no contact has it from one.
  const eve = await devices.start('eve')
  await devices.acquaint(phone, eve)
  await eve.stop()
  const stream = await devices.impersonate(eve).open(phone.device, HELLO)
  for await (const bytes of stream.incoming) {
    const frame = helloCodec.decode(bytes)
    if (frame.kind === 'hello') return deviceCardCodec.decode(frame.card)
  }
  throw new Error('the phone showed no card')
}
