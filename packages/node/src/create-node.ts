import { type AccountId, deviceIdFromPublicKey, KithError } from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { readAccount, writeNewAccount } from './account/account.ts'
import type { NodeEvents } from './api/events.ts'
import type { KithNode } from './api/node.ts'
import type { Logger, NodeOptions } from './api/options.ts'
import type { DeviceContext } from './context.ts'
import { endAll } from './ending.ts'
import { mendHome, requireAccountKept } from './healing/damaged-home.ts'
import { type AuditNow, createTellDamage, mendWhenAudited, whole } from './healing/noticing.ts'
import { createLinking } from './linking/linking.ts'
import { openAppLock } from './lock/app-lock.ts'
import { locked } from './lock/home-key.ts'
import { requireName } from './names.ts'
import { createFacade } from './node.ts'
import { type HomeKeys, MEMORY_HOME, type Platform, type StoreKey } from './platform.ts'
import { createRestoring } from './recovery/restore.ts'
import { createOwnRelays, MAX_RELAYS } from './relays/own-relays.ts'
import { platformScheduler } from './scheduler.ts'
import { createMembership } from './standing/membership.ts'
import { openStore, type StoreEnvironment } from './store/store.ts'
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
  options.signal?.throwIfAborted()
  const clock = options.clock ?? made.platform.clock
  const rng = options.random ?? made.platform.rng
  const stopping = new AbortController()
  const opened = Promise.withResolvers<void>()
  const environment = { clock, rng, auditAfter: opened.promise }
  const { store, keys } = await openUnlocked(options, made.platform, environment)
  try {
    const platform = unlockedPlatform(made.platform, keys)
    const tables = openTables(store)
    const signer = await keys.openIdentity()
    const auditNow = (): Promise<void> => {
      opened.resolve()
      return store.audited
    }
    const settings = await keepSettings(store, tables, { options, platform, auditNow })
    const logger = options.logger ?? SILENT
    const relays = createOwnRelays({ tables, store, logger, relays: settings.relays })
    const { introduce } = relays
    const parts = {
      options,
      platform,
      identity: signer,
      clock,
      rng,
      logger,
      introduce,
      ...settings,
    }
    const net = await openNet(parts, made.net)
    relays.use(net)
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
      relays,
      signer,
      device: deviceIdFromPublicKey(signer.publicKey),
      name: settings.name,
      kind: platform.deviceKind,
      temporary: options.home === MEMORY_HOME,
      signal: stopping.signal,
    }
    const node = await start(context, { stopping, options, keys, auditNow }).catch(
      async (error: unknown) => {
        await net.stop()
        throw error
      },
    )
    opened.resolve()
    return node
  } catch (error) {
    stopping.abort()
    await store.close()
    keys.drop()
    throw error
  }
}

/** The store of a home and the keys it was opened with. @throws ERR_LOCKED, ERR_PASSPHRASE, … */
async function openUnlocked(
  options: NodeOptions,
  platform: Platform,
  environment: StoreEnvironment,
): Promise<{ readonly store: Store; readonly keys: HomeKeys }> {
  const opened = Promise.withResolvers<HomeKeys>()
  const openKey = async (): Promise<StoreKey> => {
    const keys = await platform.openKeys(options.home, options)
    opened.resolve(keys)
    return keys.openStoreKey()
  }
  const store = await openStore({ home: options.home, platform, openKey }, environment)
  return { store, keys: await opened.promise }
}

/** The same machine for a home whose lock is open. */
function unlockedPlatform(platform: Platform, keys: HomeKeys): Platform {
  return {
    ...platform,
    openIdentity: () => keys.openIdentity(),
    openStoreKey: () => keys.openStoreKey(),
    loadOrCreate: (_home, name, create) => keys.loadOrCreate(name, create),
  }
}

async function start(
  context: DeviceContext,
  {
    stopping,
    options,
    keys,
    auditNow,
  }: {
    readonly stopping: AbortController
    readonly options: NodeOptions
    readonly keys: HomeKeys
    readonly auditNow: AuditNow
  },
): Promise<KithNode> {
  const events = createEvents<NodeEvents>()
  const membership = createMembership(context, events)
  const { account, enter } = membership
  let stopped: Promise<void> | undefined

  context.net.addEventListener(
    'relay:changed',
    ({ detail }) => events.emit('relay:changed', detail),
    {
      signal: context.signal,
    },
  )
  const tell = createTellDamage(context, events)
  const auditAndTell: AuditNow = async () => {
    await auditNow()
    tell()
  }
  const mend = (): Promise<void> => mendHome(context)
  tell()
  // Damage of an earlier run does not tell what has rotted since (STO-46).
  await whole(context.store, { auditNow: auditAndTell, mend: async () => undefined }, mend)
  await whole(context.store, { auditNow: auditAndTell, mend }, async () => {
    const known = (await readAccount(context)) ?? (await lookedFor(context, auditAndTell))
    if (known) return enter(known)
    if (options.newDevice) return
    requireAccountKept(context)
    await enter(await writeNewAccount(context))
  })
  mendWhenAudited(context, { tell, mend: membership.mend })

  const stop = async (reason: KithError): Promise<void> => {
    // First of all: what would be said from here on might not be written any more (NODE-1).
    stopping.abort(reason)
    await endAll(
      () => membership.close(),
      () => context.net.stop(),
      () => context.store.close(),
      () => keys.drop(),
    )
  }
  const lock = await openAppLock({
    ...context,
    keys,
    keyring: options.keyring,
    lockNow: () => (stopped ??= stop(locked())),
    onChange: (state) => events.emit('lock:changed', state),
  })
  return createFacade({
    context,
    events,
    restoring: createRestoring(context, { account, enter }),
    linking: createLinking(context, { account, enter }),
    lock,
    membership,
    stop: () => (stopped ??= stop(new KithError('ERR_STOPPED', 'this device has stopped'))),
  })
}

/** A home that knows no account is new, or has lost it: which of them, the audit says (STO-50). */
async function lookedFor(
  context: DeviceContext,
  auditNow: AuditNow,
): Promise<AccountId | undefined> {
  await auditNow()
  await mendHome(context)
  return readAccount(context)
}

/** Name and relays are kept from the first start on; later starts may rename, and add the newest relays. */
async function keepSettings(
  store: Store,
  tables: Tables,
  {
    options,
    platform,
    auditNow,
  }: {
    readonly options: NodeOptions
    readonly platform: Platform
    readonly auditNow: AuditNow
  },
): Promise<{ readonly name: string; readonly relays: readonly string[] }> {
  const mend = (): Promise<void> => store.sweep()
  const stored = await whole(store, { auditNow, mend }, () => tables.settings.get('device'))
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

const SILENT: Logger = { debug: () => undefined, warn: () => undefined }
