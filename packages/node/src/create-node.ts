import { type AccountId, deviceIdFromPublicKey, KithError } from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { readAccount, writeNewAccount } from './account.ts'
import type { KithNode, Logger, NodeEvents, NodeOptions } from './api.ts'
import type { DeviceContext } from './context.ts'
import { createLinking } from './linking.ts'
import { requireName } from './names.ts'
import { createFacade } from './node.ts'
import { type OpenAccount, openAccount } from './open-account.ts'
import type { Platform } from './platform.ts'
import { platformScheduler } from './scheduler.ts'
import { openStore } from './store/store.ts'
import type { Store } from './store/store-types.ts'
import { openTables, type Tables } from './tables.ts'
import { type NetPackage, openNet } from './transports.ts'

/** What a platform brings: its machine, and libp2p as it runs there. */
export interface NodePlatform {
  readonly platform: Platform
  readonly net: NetPackage
}

/**
 * Composition root: the one place where clock, randomness, timers, store and network are made.
 * The device starts working before this resolves; whatever is left by an earlier run goes on.
 */
export async function openNode(options: NodeOptions, made: NodePlatform): Promise<KithNode> {
  const { platform } = made
  options.signal?.throwIfAborted()
  const clock = options.clock ?? platform.clock
  const rng = options.random ?? platform.rng
  const stopping = new AbortController()
  const store = await openStore({ home: options.home, platform }, { clock, rng })
  try {
    const tables = openTables(store)
    const signer = await platform.openIdentity(options.home)
    const settings = await keepSettings(store, tables, { options, platform })
    const logger = options.logger ?? SILENT
    const parts = { options, platform, identity: signer, clock, rng, logger, ...settings }
    const net = await openNet(parts, made.net)
    const context: DeviceContext = {
      clock,
      rng,
      scheduler: options.scheduler ?? platformScheduler,
      logger,
      primitives: platform.primitives,
      platform,
      store,
      tables,
      net,
      signer,
      device: deviceIdFromPublicKey(signer.publicKey),
      name: settings.name,
      kind: platform.deviceKind,
      signal: stopping.signal,
    }
    return await start(context, stopping, options).catch(async (error: unknown) => {
      await net.stop()
      throw error
    })
  } catch (error) {
    stopping.abort()
    await store.close()
    throw error
  }
}

async function start(
  context: DeviceContext,
  stopping: AbortController,
  options: NodeOptions,
): Promise<KithNode> {
  const events = createEvents<NodeEvents>()
  let open: OpenAccount | undefined
  let stopped: Promise<void> | undefined

  const enter = async (account: AccountId): Promise<OpenAccount> => {
    open = await openAccount(context, account, events)
    events.emit('account:ready', { account, device: context.device })
    return open
  }

  // What is lost of the account log is fetched from siblings by itself: it is no longer held.
  for (const { kind, noticedAt } of context.store.damage) {
    context.logger.warn('the store lost something', { kind, noticedAt })
  }
  context.net.addEventListener(
    'relay:changed',
    ({ detail }) => events.emit('relay:changed', detail),
    {
      signal: context.signal,
    },
  )
  const known = await readAccount(context)
  if (known) await enter(known)
  else if (!options.newDevice) await enter(await writeNewAccount(context))

  const stop = async (): Promise<void> => {
    // First of all: what would be said from here on might not be written any more (NODE-1).
    stopping.abort(new KithError('ERR_STOPPED', 'this device has stopped'))
    await open?.close()
    await context.net.stop()
    await context.store.close()
  }
  return createFacade({
    context,
    events,
    linking: createLinking(context, { account: () => open?.account, enter }),
    account: () => open,
    stop: () => (stopped ??= stop()),
  })
}

/** Name and relays are kept from the first start on; later starts may rename, and add the newest relays. */
async function keepSettings(
  store: Store,
  tables: Tables,
  { options, platform }: { readonly options: NodeOptions; readonly platform: Platform },
): Promise<{ readonly name: string; readonly relays: readonly string[] }> {
  const stored = await tables.settings.get('device')
  if (options.name !== undefined) requireName(options.name)
  const name = options.name ?? stored?.name ?? platform.defaultName()
  const given = options.relays ?? []
  if (given.length > MAX_RELAYS) {
    throw new KithError('ERR_RELAYS', `a device keeps at most ${MAX_RELAYS} relays`)
  }
  const earlier = (stored?.relays ?? []).filter((relay) => !given.includes(relay))
  const relays = [...earlier, ...given].slice(-MAX_RELAYS)
  await store.commit([tables.settings.put('device', { name, relays })])
  return { name, relays }
}

/** Reservations a device holds at once; more would cost connections and gain nothing. */
const MAX_RELAYS = 8

const SILENT: Logger = { debug: () => undefined, warn: () => undefined }
