import {
  createDeviceCard,
  createKeyPair,
  deviceCardCodec,
  deviceIdFromPublicKey,
  signerFromSeed,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../test/context.ts'
import { openCards } from './cards.ts'
import { commitStaged } from './staged.ts'

const signer = signerFromSeed(new Uint8Array(32).fill(7))
const device = deviceIdFromPublicKey(signer.publicKey)

test('DEV-6 a card is taken when it is genuine, of its device, and newer than the one here', async () => {
  const context = await openContext()
  const cards = await openCards(context)
  const identityKey = await createKeyPair(context)
  const cardOf = async (number: number) =>
    (await createDeviceCard({ signer, identityKey, number }, context)).card
  const [first, second] = [await cardOf(1), await cardOf(2)]
  const take = async (bytes: Uint8Array, of = device): Promise<boolean> => {
    const staged = await cards.stage(of, bytes)
    if (staged) await commitStaged(context.store, [staged])
    return staged !== undefined
  }

  expect(await take(deviceCardCodec.encode({ ...first, number: 9 }))).toBe(false)
  expect(await take(deviceCardCodec.encode(first), context.device)).toBe(false)
  expect(await take(deviceCardCodec.encode(first))).toBe(true)
  expect(await take(deviceCardCodec.encode(second))).toBe(true)
  expect(await take(deviceCardCodec.encode(first))).toBe(false)
  expect((await cards.get(device))?.number).toBe(2)
  await context.store.close()
})
