import {
  accountIdOfGenesis,
  countersignAdd,
  createGenesis,
  createReadmit,
  createSuspend,
  type DeviceLogState,
  deviceIdFromPublicKey,
  draftAdd,
  lastEntryOf,
  mergeDeviceLogs,
  reduceDeviceLog,
  type SignedEntry,
  type Signer,
  signAdd,
  signerFromSeed,
} from '@kithmesh/protocol'
import { createEpoch, createEpochRing, epochDue, nextEpoch } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import { removalsInEffect } from './removals.ts'

const signerOf = (seed: number): Signer => signerFromSeed(new Uint8Array(32).fill(seed))
const phone = signerOf(1)
const { rng, primitives } = nodePlatform

async function alone(): Promise<DeviceLogState> {
  const recoveryKey = new Uint8Array(1216)
  const genesis = await createGenesis({ root: signerOf(99), recoveryKey, device: phone, at: 0 })
  return reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
}

/** What every entry of the phone begins with. */
function base(state: DeviceLogState) {
  const { account, first: author } = state
  return { account, author, prev: lastEntryOf(state, author), at: 1 }
}

async function adding(state: DeviceLogState, device: Signer): Promise<SignedEntry> {
  const id = deviceIdFromPublicKey(device.publicKey)
  const body = draftAdd({ ...base(state), device: id, rights: { link: true }, historyAt: 0 })
  return signAdd(body, phone, await countersignAdd(body, device))
}

test('OUT-2: a device that is held again, after it was in, is out of a new epoch again', async () => {
  let state = await alone()
  const others = Array.from({ length: 8 }, (_, at) => signerOf(10 + at))
  for (const device of others) state = mergeDeviceLogs(state, [await adding(state, device)])
  const [second, ninth] = [others[0], others.at(-1)].map((one) =>
    deviceIdFromPublicKey(one?.publicKey ?? new Uint8Array()),
  )
  if (!second || !ninth) throw new Error('eight devices')
  const ring = await createEpochRing([createEpoch(rng, 1)], primitives)
  const due = async (): Promise<string | undefined> => {
    const out = [...removalsInEffect(state, { now: 1 })]
    const why = epochDue(ring, { out, now: 1 })
    while (epochDue(ring, { out, now: 1 })) await ring.add(nextEpoch(ring, { out, at: 1 }, rng))
    return why
  }
  expect(state.devices.get(ninth)?.state).toBe('held')
  expect(await due()).toBe('removal')
  expect(await due()).toBeUndefined()

  const target = state.devices.get(second)?.addedBy ?? state.period
  const suspend = await createSuspend({ ...base(state), target, reason: 'lost' }, phone)
  state = mergeDeviceLogs(state, [suspend])
  expect(state.devices.get(ninth)?.state).toBe('in')
  expect(await due()).toBe('removal')

  const answers = state.devices.get(second)?.suspensions.map(({ entry }) => entry) ?? []
  state = mergeDeviceLogs(state, [await createReadmit({ ...base(state), target, answers }, phone)])
  expect(state.devices.get(ninth)?.state).toBe('held')
  expect(await due()).toBe('removal')
  expect(await due()).toBeUndefined()
})
