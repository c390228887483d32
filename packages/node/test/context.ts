/** One device's ground for tests of a single room: real store, real keys, a net in memory, nothing else. */

import { createMemoryHub, createMemoryNet } from '@kithmesh/net'
import { deviceIdFromPublicKey } from '@kithmesh/protocol'
import type { DeviceContext } from '../src/context.ts'
import { nodePlatform } from '../src/platform.node.ts'
import { MEMORY_HOME } from '../src/platform.ts'
import { createOwnRelays } from '../src/relays/own-relays.ts'
import { platformScheduler } from '../src/scheduler.ts'
import { openStore } from '../src/store/store.ts'
import { openTables } from '../src/tables.ts'

/** A context whose parts a test may replace; `stop` aborts its signal. */
export interface TestContext extends DeviceContext {
  stop(): void
}

/** Opens a context; `home` is a folder when the test opens it again. */
export async function openContext({
  home = MEMORY_HOME,
  ...parts
}: Partial<DeviceContext> & { readonly home?: string } = {}): Promise<TestContext> {
  const { clock, rng, primitives, deviceKind } = nodePlatform
  const signer = await nodePlatform.openIdentity(home)
  const store = await openStore(
    { home, platform: nodePlatform },
    { clock: parts.clock ?? clock, rng },
  )
  const stopping = new AbortController()
  const tables = openTables(store)
  const logger = { debug: () => undefined, warn: () => undefined }
  const net = parts.net ?? createMemoryNet(createMemoryHub({ clock }), { identity: signer })
  const relays = createOwnRelays({ tables, store, logger, relays: [] })
  relays.use(net)
  return {
    clock,
    rng,
    primitives,
    signer,
    store,
    tables,
    scheduler: platformScheduler,
    logger,
    platform: nodePlatform,
    net,
    relays,
    device: deviceIdFromPublicKey(signer.publicKey),
    name: 'laptop',
    kind: deviceKind,
    temporary: home === MEMORY_HOME,
    signal: stopping.signal,
    stop: () => stopping.abort(),
    ...parts,
  }
}
