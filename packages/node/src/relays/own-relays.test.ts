import { afterEach, describe, expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { createOwnRelays, MAX_RELAYS, type OwnRelays } from './own-relays.ts'

const open: TestContext[] = []
afterEach(async () => {
  for (const context of open.splice(0)) {
    context.stop()
    await context.net.stop()
    await context.store.close()
  }
})

const address = (port: number): string =>
  `/ip4/192.0.2.1/tcp/${port}/p2p/12D3KooWCUQyZaD8T9XX4xqP49kLx6WdchzanqJ6So4BaHVAJz2Z`

/** Relays of a device whose network only notes what it is told. */
async function relays(kept: readonly string[] = []) {
  const context = await openContext()
  open.push(context)
  const { tables, store, logger } = context
  await store.commit([tables.settings.put('device', { name: 'laptop', relays: kept })])
  const set: (readonly string[])[] = []
  const net = Object.create(context.net, {
    setRelays: { value: (next: readonly string[]) => void set.push(next) },
    relays: { value: () => (set.at(-1) ?? kept).map((one) => ({ address: one, state: 'ready' })) },
  })
  const own: OwnRelays = createOwnRelays({ tables, store, logger, relays: kept })
  own.use(net)
  const stored = async () => (await tables.settings.get('device'))?.relays
  return { own, set, stored }
}

describe('NODE-40 CLI-100 the relays of a device', () => {
  test('are added once, the newest last, and kept', async () => {
    const { own, set, stored } = await relays([address(1), address(2)])
    await own.add(address(3))
    expect(await own.add(address(1))).toMatchObject([
      { address: address(2) },
      { address: address(3) },
      { address: address(1) },
    ])
    expect(set.at(-1)).toEqual(await stored())
  })

  test('are taken out by address, or all of a peer id', async () => {
    const { own, stored } = await relays([address(1), address(2)])
    await own.remove(address(2))
    expect(await stored()).toEqual([address(1)])
    await own.remove('12D3KooWCUQyZaD8T9XX4xqP49kLx6WdchzanqJ6So4BaHVAJz2Z')
    expect(await stored()).toEqual([])
    await expect(async () => own.remove(address(2))).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    })
  })

  test('are eight at most, and one more changes nothing', async () => {
    const eight = Array.from({ length: MAX_RELAYS }, (_, at) => address(at + 1))
    const { own, set, stored } = await relays(eight)
    await expect(own.add(address(9))).rejects.toMatchObject({ code: 'ERR_RELAYS' })
    expect(set).toEqual([])
    expect(await stored()).toEqual(eight)
  })

  test('RLY-71 a device without an account claims none, and a code of another kind claims none', async () => {
    const { own } = await relays()
    await expect(own.claim('WEB+KITH:L/AAAA')).rejects.toMatchObject({ code: 'ERR_CODE_KIND' })
    await expect(own.claim('no code')).rejects.toMatchObject({ code: 'ERR_CODE_MALFORMED' })
  })
})
