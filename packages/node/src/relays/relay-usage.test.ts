import {
  createMemoryHub,
  createMemoryNet,
  MAX_USAGE_BYTES,
  type Net,
  type NetIdentity,
  sealUsage,
  USAGE_PROTOCOL,
} from '@kithmesh/net'
import { type AccountId, parseAccountId, signerFromSeed } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { readUsage } from './relay-usage.ts'

const signerNo = (n: number): NetIdentity => signerFromSeed(new Uint8Array(32).fill(n))
const ACCOUNT: AccountId = parseAccountId(`a${'a'.repeat(52)}`)
const OTHER = `a${'b'.repeat(51)}a`
const DAY = { account: ACCOUNT as string, day: '2026-11-22', bytes: 1_234, circuits: 2 }

/** A device, and a relay that says what it is given. */
function deviceAnd(told: readonly Uint8Array[] | undefined): { device: Net; relay: string } {
  const hub = createMemoryHub({ clock: { now: () => 7 } })
  const device = createMemoryNet(hub, { identity: signerNo(1) })
  const relay = createMemoryNet(hub, { identity: signerNo(2) })
  const usage = { id: USAGE_PROTOCOL, maxFrameBytes: MAX_USAGE_BYTES, maxStreamsPerPeer: 2 }
  if (told !== undefined) {
    relay.handle(usage, async (stream) => {
      for (const sealed of told) await stream.send(sealed)
    })
  }
  return { device, relay: relay.peer }
}

const read = ({ device, relay }: { device: Net; relay: string }) =>
  readUsage(device, { relay, account: ACCOUNT, signal: new AbortController().signal })

describe('RLY-45 CLI-105 what a relay says an account used', () => {
  test('RLY-45 is read day by day', async () => {
    const next = { ...DAY, day: '2026-11-23', bytes: 5 }
    const sealed = await Promise.all([DAY, next].map((day) => sealUsage(day, signerNo(2))))
    const at = deviceAnd(sealed)
    expect(await read(at)).toEqual([
      { relay: at.relay, day: '2026-11-22', bytes: 1_234, circuits: 2 },
      { relay: at.relay, day: '2026-11-23', bytes: 5, circuits: 2 },
    ])
    expect(await read(deviceAnd([]))).toEqual([])
  })

  test.each([
    ['signed by another relay', () => sealUsage(DAY, signerNo(3)), 'ERR_SIGNATURE'],
    [
      'of another account',
      () => sealUsage({ ...DAY, account: OTHER }, signerNo(2)),
      'ERR_SIGNATURE',
    ],
    ['that is no record', async () => new Uint8Array([1, 2, 3]), 'ERR_FRAME_MALFORMED'],
    [
      'that was changed',
      async () =>
        (await sealUsage(DAY, signerNo(2))).map((byte, at, all) =>
          at === all.length - 1 ? byte ^ 1 : byte,
        ),
      'ERR_FRAME_MALFORMED',
    ],
  ])('RLY-45 a day %s is refused', async (_, sealed, code) => {
    await expect(read(deviceAnd([await sealed()]))).rejects.toMatchObject({ code })
  })

  test('RLY-45 a relay that goes on for ever is not heard out', async () => {
    const sealed = await sealUsage(DAY, signerNo(2))
    const told = Array.from({ length: 200 }, () => sealed)
    await expect(read(deviceAnd(told))).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  test('RLY-45 a relay that keeps no sums does not speak the protocol', async () => {
    await expect(read(deviceAnd(undefined))).rejects.toMatchObject({
      code: 'ERR_PROTOCOL_UNSUPPORTED',
    })
  })
})
