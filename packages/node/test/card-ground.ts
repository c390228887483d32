/** A device that keeps cards of others and passes them on, without a net. */

import {
  createDeviceCard,
  createKeyPair,
  type DeviceCard,
  type DeviceId,
  deviceCardCodec,
  deviceIdFromPublicKey,
  signerFromSeed,
} from '@kithmesh/protocol'
import { onTestFinished } from 'vitest'
import { createTime } from '../../../test/scenarios/time.ts'
import type { DeviceLogs } from '../src/account/device-logs.ts'
import { openCards } from '../src/cards.ts'
import { createCardGossip } from '../src/greeting/card-gossip.ts'
import type { Hello } from '../src/greeting/hello-wire.ts'
import { nodePlatform } from '../src/platform.node.ts'
import { commitStaged } from '../src/staged.ts'
import { openContext } from './context.ts'
import { accountNamed } from './people.ts'

/** This device's account, and two of contacts. */
export const [OWN, BEN, EVE] = [accountNamed('o'), accountNamed('b'), accountNamed('e')]

/** A device with keys of its own that makes cards when a test says so. */
export interface Maker {
  readonly device: DeviceId
  make(number: number): Promise<DeviceCard>
}

/** Cards on a disk, and how many signatures were proved so far. */
export async function openCountedCards() {
  const time = createTime()
  let proofs = 0
  const { primitives } = nodePlatform
  const counting: typeof primitives = {
    ...primitives,
    verifyEd25519: (signed) => {
      proofs++
      return primitives.verifyEd25519(signed)
    },
  }
  const context = await openContext({ ...time, primitives: counting })
  onTestFinished(() => context.store.close())
  const cards = await openCards(context)
  return { time, context, cards, proofs: () => proofs }
}

/** This device with a sibling, two of Ben's devices and one of Eve's, both of whom are contacts. */
export async function cardGround() {
  const { time, context, cards, proofs } = await openCountedCards()
  const maker = async (seed: number): Promise<Maker> => {
    const signer = signerFromSeed(new Uint8Array(32).fill(seed))
    const identityKey = await createKeyPair(context)
    const make = async (number: number): Promise<DeviceCard> =>
      (await createDeviceCard({ signer, identityKey, number }, context)).card
    return { device: deviceIdFromPublicKey(signer.publicKey), make }
  }
  const [sibling, phone, tablet, eve] = await Promise.all([1, 2, 3, 4].map(maker))
  if (!sibling || !phone || !tablet || !eve) throw new Error('four were made')
  const members = new Map([
    [OWN, [context.device, sibling.device]],
    [BEN, [phone.device, tablet.device]],
    [EVE, [eve.device]],
  ])
  const logs: Pick<DeviceLogs, 'accounts' | 'devicesOf' | 'accountOf'> = {
    accounts: () => [...members.keys()],
    devicesOf: (account) => members.get(account) ?? [],
    accountOf: (device) => [...members].find(([, devices]) => devices.includes(device))?.[0],
  }
  const isContact = (account: typeof OWN): boolean => account !== OWN
  const gossip = createCardGossip(context, { account: OWN, logs, cards, isContact })
  const keep = async (card: DeviceCard): Promise<void> => {
    const staged = await cards.stage(card.device, deviceCardCodec.encode(card))
    await commitStaged(context.store, staged ? [staged] : [])
  }
  /** What stands here: numbers by device. */
  const numbers = async (): Promise<readonly (number | undefined)[]> =>
    Promise.all(
      [sibling, phone, tablet, eve].map(async ({ device }) => (await cards.kept(device))?.number),
    )
  const parts = { time, context, cards, gossip, members, maker, keep, numbers }
  return { ...parts, proofs, sibling, phone, tablet, eve }
}

/** A hello that shows `card` and asks about `cards`. */
export function helloOf(account: typeof OWN, card: DeviceCard, cards: Hello['cards'] = []): Hello {
  const encoded = deviceCardCodec.encode(card)
  return { kind: 'hello', account, logs: [], card: encoded, cards, places: [], epochs: [] }
}

/** Whose cards they are, and their numbers. */
export function named(cards: readonly Uint8Array[]): readonly (readonly [DeviceId, number])[] {
  return cards.map((bytes) => {
    const { device, number } = deviceCardCodec.decode(bytes)
    return [device, number] as const
  })
}
