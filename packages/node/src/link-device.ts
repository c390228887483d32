import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  confirmLink,
  type DeviceId,
  declineLink,
  dialLink,
  grantLink,
  KithError,
  type LinkCode,
  type LinkSeen,
  MAX_SNAPSHOT_BYTES,
  parseDeviceId,
  parseLinkCode,
  type Refused,
  readLinkAgreement,
  readLinkAnswer,
  readLinkDone,
} from '@kithmesh/protocol'
import { epochKeysCodec } from '@kithmesh/sync'
import type { AccountState } from './account-state.ts'
import type { Device, LinkOptions, LinkState, SeenDevice } from './api.ts'
import type { Cards } from './cards.ts'
import { hasNearAddress } from './code-addresses.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import type { Devices } from './devices.ts'
import { openStream, toError } from './faults.ts'
import { type FrameReader, frameReader } from './frames.ts'
import { shownName } from './names.ts'
import { LINK } from './protocols.ts'
import { refusalError } from './refusals.ts'
import { commitStaged } from './staged.ts'

/** Message history waits this long for a device that was not near when it was linked (protocol: linking). */
const FAR_HISTORY_MS = 24 * 60 * 60 * 1000
/** How long a relayed connection may take to become a direct one before the device counts as far. */
const NEAR_WAIT_MS = 2_000

/** The existing device's side of linking. */
export type LinkDevice = (code: string, options: LinkOptions) => Promise<Device>

/** Linking another device to this account. */
export function createDeviceLinker(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly logs: DeviceLogs
    readonly cards: Cards
    readonly devices: Devices
  },
): LinkDevice {
  const { net, clock, rng, scheduler, signer } = context
  const environment = { clock, rng }
  const { account, state, logs, cards, devices } = parts

  return async (text, options) => {
    const code = parseLinkCode(text)
    const stream = await dial(code, options.signal)
    const abort = (): void => stream.abort(toError(options.signal?.reason))
    options.signal?.addEventListener('abort', abort)
    try {
      options.signal?.throwIfAborted()
      const device = await takeIn(stream, { code, options })
      await stream.close().catch(() => undefined)
      return device
    } catch (error) {
      if (error instanceof KithError) options.onState?.(failed(error))
      stream.abort(toError(error))
      throw options.signal?.aborted ? toError(options.signal.reason) : error
    } finally {
      options.signal?.removeEventListener('abort', abort)
    }
  }

  async function dial(code: LinkCode, signal: AbortSignal | undefined): Promise<FrameStream> {
    const addresses = code.addresses.map((bytes) => net.addressFromBytes(bytes))
    net.setAddresses(code.device, addresses)
    return openStream(net, { peer: code.device, protocol: LINK }, signal ? { signal } : {})
  }

  /**
   * Near is who has a direct connection to a private address with us. The new device, once it has the
   * proof, looks for one as we do; a relay gets a moment to become superfluous.
   */
  async function distanceOf(stream: FrameStream): Promise<SeenDevice['distance']> {
    if (stream.path === 'lan') return 'near'
    const canBeNear = hasNearAddress(net) && (await comesNear(parseDeviceId(stream.peer)))
    return canBeNear ? 'near' : 'far'
  }

  function comesNear(device: DeviceId): Promise<boolean> {
    const ended = new AbortController()
    return new Promise<boolean>((resolve) => {
      const isNear = (): boolean => net.reachability(device).path === 'lan'
      if (isNear()) return resolve(true)
      const cancel = scheduler.schedule(NEAR_WAIT_MS, () => resolve(false))
      ended.signal.addEventListener('abort', cancel)
      net.addEventListener(
        'reachability:changed',
        ({ detail }) => {
          if (detail.peer === device && isNear()) resolve(true)
        },
        { signal: ended.signal },
      )
    }).finally(() => ended.abort())
  }

  /** Steps of linking-dialler.ts in the protocol: seen → confirm → syncing → done. */
  async function takeIn(stream: FrameStream, { code, options }: Attempt): Promise<Device> {
    const reader = frameReader(stream, scheduler)
    const dialled = dialLink({ code, self: context.device }, environment)
    await stream.send(dialled.send)
    const seen = readLinkAnswer(dialled.state, await reader.read(), environment)
    if (seen.kind === 'refused') throw await refuse(stream, seen)
    options.onState?.({ state: 'seen' })
    const name = shownName(seen.description.name, 'new device')
    const kind = shownName(seen.description.kind, 'unknown')
    const distance = await distanceOf(stream)
    const shown = { device: code.device, name, kind, distance }
    await ask(stream, seen.state, { options, shown })
    return complete(stream, reader, { seen: seen.state, shown, options })
  }

  /** Nothing is told about the account before a person said yes. */
  async function ask(
    stream: FrameStream,
    seen: LinkSeen,
    { options, shown }: Pick<Confirmed, 'options' | 'shown'>,
  ): Promise<void> {
    if (shown.distance === 'far' && !options.far) {
      throw await refuse(stream, declineLink(seen, 'ERR_LINK_FAR', environment))
    }
    options.onState?.({ state: 'confirm' })
    if (await unlessAborted(() => options.confirm(shown), options.signal)) return
    throw await refuse(stream, declineLink(seen, 'ERR_LINK_DECLINED', environment))
  }

  async function complete(
    stream: FrameStream,
    reader: FrameReader,
    { seen, shown, options }: Confirmed,
  ): Promise<Device> {
    const { name, kind, distance } = shown
    const log = logs.get(account)
    if (!log) throw new KithError('ERR_NO_ACCOUNT', 'the device log of this account is missing')
    const historyAt = distance === 'near' ? 0 : clock.now() + FAR_HISTORY_MS
    const terms = { log, author: signer, rights: { link: true }, historyAt }
    const proposed = confirmLink(seen, terms, environment)
    if (proposed.kind === 'refused') throw await refuse(stream, proposed)
    options.onState?.({ state: 'syncing', percent: 0 })
    await stream.send(proposed.send)
    const agreed = await readLinkAgreement(proposed.state, await reader.read(), environment)
    if (agreed.kind === 'refused') throw await refuse(stream, agreed)
    const staged = [logs.stage(account, [agreed.add]), await cards.stage(seen.device, agreed.card)]
    // The name first: whoever is told of the device is told its name.
    await state.edit(() => state.data.devices.set(seen.device, { name, kind }))
    await commitStaged(
      context.store,
      staged.filter((one) => one !== undefined),
    )
    const granted = grantLink(agreed.state, sharedNow(), environment)
    await stream.send(granted.send)
    const done = readLinkDone(granted.state, await reader.read(), environment)
    if (done.kind === 'refused') throw await refuse(stream, done)
    options.onState?.({ state: 'syncing', percent: 100 })
    options.onState?.({ state: 'done', account, device: seen.device })
    return devices.require(seen.device)
  }

  /** Account data that is too large for the stream comes by the account log instead. */
  function sharedNow(): { readonly epochKeys: Uint8Array; readonly snapshot: Uint8Array } {
    const snapshot = state.data.encodeState()
    return {
      epochKeys: epochKeysCodec.encode(state.log.epochs.list()),
      snapshot: snapshot.length <= MAX_SNAPSHOT_BYTES ? snapshot : new Uint8Array(),
    }
  }
}

interface Attempt {
  readonly code: LinkCode
  readonly options: LinkOptions
}

interface Confirmed {
  readonly seen: LinkSeen
  readonly shown: SeenDevice
  readonly options: LinkOptions
}

/** Tells the new device, and becomes the error this side fails with. */
async function refuse(stream: FrameStream, outcome: Refused): Promise<KithError> {
  if (outcome.send) await stream.send(outcome.send).catch(() => undefined)
  await stream.close().catch(() => undefined)
  return refusalError(outcome.code)
}

/** Whoever gives up need not wait for the person who is asked. */
async function unlessAborted<T>(
  ask: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(toError(signal?.reason))
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([aborted.promise, ask()])
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function failed({ code, message }: KithError): LinkState {
  return { state: 'failed', code, message }
}
