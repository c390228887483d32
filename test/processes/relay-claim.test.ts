import { expect, test } from 'vitest'
import type { Seen } from './programs.ts'
import { createStage, type Home, WAIT } from './stage.ts'

const STORY_MS = 150_000
const NEAR = ['--listen', '/ip4/127.0.0.1/tcp/0'] as const

const statusOf = (home: Home): Promise<Seen> => home.ask('status', 'status')

test(
  'RLY-45 RLY-70 RLY-71 RLY-74 RLY-75 RLY-91 CLI-100 CLI-101 CLI-105 a relay is claimed, serves the devices of that account, and one that is unlinked no more',
  async () => {
    await using stage = await createStage()
    const relay = await stage.relay({ closed: true, flags: ['--usage'] })
    const { claim } = await relay.program.event('ready')
    const flags = [...NEAR, '--relay', relay.address]

    // Ada's phone claims it; before that it serves nobody.
    const phone = await stage.home('phone', 'ready', NEAR)
    const claimed = await phone.ask('relay', 'relay', 'claim', String(claim))
    expect(claimed).toMatchObject({ address: relay.address })
    await expect.poll(() => statusOf(phone), WAIT).toMatchObject({ relays: [{ state: 'ready' }] })
    await relay.program.event('owned')
    const again = await phone.kith('relay', 'claim', String(claim))
    expect(again).toMatchObject({ code: 5, events: [{ code: 'ERR_RELAY_CLAIM' }] })

    // Her laptop is no device of hers yet, and gets no place; then it is, and the log it shows says so.
    const laptop = await stage.home('laptop', 'link-code', flags)
    await stage.link(phone, laptop)
    await expect.poll(() => statusOf(laptop), WAIT).toMatchObject({ relays: [{ state: 'ready' }] })

    // Ben is a stranger to the relay: he gets no place, and reaches her through it.
    const ben = await stage.home('ben', 'ready', [...flags, '--no-lan'])
    await expect.poll(() => statusOf(ben), WAIT).toMatchObject({ relays: [{ state: 'failed' }] })
    await stage.acquaint(phone, ben, { inviter: 'Ada', adder: 'Ben' })
    await ben.ask('sent', 'send', 'Ada', 'through your relay', '--wait', 'reached')
    await expect.poll(() => phone.texts('Ben'), WAIT).toContain('through your relay')

    // The relay says what it forwarded for her, and nothing to him.
    const { relay: signer, bytes } = await phone.ask('relay-usage', 'relay', 'usage', relay.address)
    expect(relay.address).toContain(String(signer))
    expect(Number(bytes)).toBeGreaterThan(0)
    expect(await ben.kith('relay', 'usage', relay.address)).toMatchObject({ code: 0, events: [] })

    // Tried hop by hop, on a device that is served and by one that is not.
    const tried = await phone.kith('relay', 'test', relay.address)
    expect(hopsOf(tried.events)).toMatchObject({ tcp: true, noise: true, identify: true })
    expect(hopsOf(tried.events)).toMatchObject({ reserve: true, circuit: true, stun: false })
    const strange = await ben.kith('relay', 'test', relay.address)
    expect(strange.code).toBe(4)
    expect(hopsOf(strange.events)).toMatchObject({ identify: true, reserve: false })
    expect(strange.events.find(({ hop }) => hop === 'reserve')).toMatchObject({
      hint: expect.stringContaining('kith relay claim'),
    })

    // Unlinked, the laptop is out there too, also after the relay has forgotten all but its owner.
    const { device } = await laptop.program.event('ready')
    await phone.ask('device', 'devices', 'unlink', String(device), '--yes')
    await relay.program.kill('SIGKILL')
    await relay.up()
    await expect.poll(() => statusOf(phone), WAIT).toMatchObject({ relays: [{ state: 'ready' }] })
    await expect
      .poll(() => laptop.kith('status'), WAIT)
      .not.toMatchObject({ events: [{ relays: [{ state: 'ready' }] }] })
  },
  STORY_MS,
)

function hopsOf(events: readonly Seen[]): Readonly<Record<string, boolean>> {
  const probes = events.filter(({ event }) => event === 'probe')
  return Object.fromEntries(probes.map(({ hop, ok }) => [String(hop), ok === true]))
}
