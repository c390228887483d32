import { expect, test } from 'vitest'
import { createWorld } from '../test/world.ts'

const NOTICED = Date.UTC(2026, 10, 22, 9)
const LOST = [
  { kind: 'table', table: 'contents', noticedAt: NOTICED },
  { kind: 'commits', noticedAt: NOTICED + 1 },
] as const
const SCRIPT = [
  { kind: 'table', table: 'contents', noticedAt: '2026-11-22T09:00:00.000Z' },
  { kind: 'commits', table: null, noticedAt: '2026-11-22T09:00:00.001Z' },
]

test('CLI-93 status says what the store lost, to scripts by table, to people by what happens now', async () => {
  const { human, json, device } = await createWorld()
  expect((await json(['status'])).events()).toMatchObject([{ event: 'status', damage: [] }])
  expect((await human(['status'])).out()).not.toContain('lost')
  device.damage = LOST
  expect((await json(['status'])).events()).toMatchObject([{ event: 'status', damage: SCRIPT }])
  const { out } = await human(['status'])
  expect(out()).toContain('! This device lost some of what it had stored')
  expect(out()).toContain('It fetches that from your other devices.')
})

test('CLI-93 whoever has one device only is told that there is no copy', async () => {
  const { human, device } = await createWorld()
  device.damage = LOST
  device.devices.splice(0, device.devices.length, ...device.devices.filter((own) => own.this))
  const { out } = await human(['status'])
  expect(out()).toContain('No other device of yours has a copy.')
})

test('CLI-93 up tells when the store lost something, and when it has it back', async () => {
  const { device, up } = await createWorld()
  const tell = (type: string, detail: unknown): boolean =>
    device.events.dispatchEvent(new CustomEvent(type, { detail }))
  tell('store:damaged', { damage: LOST })
  tell('store:healed', {})
  expect(up.events().slice(-2)).toEqual([
    { event: 'store', state: 'damaged', damage: SCRIPT },
    { event: 'store', state: 'healed', damage: [] },
  ])
})
