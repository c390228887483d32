import type { NearbyPeer } from '@kithmesh/net'
import { type DeviceId, descriptionCodec, parseDeviceId } from '@kithmesh/protocol'
import type { NearbyDevice } from '../api/linking.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { shownName } from '../names.ts'
import { NEARBY } from '../protocols.ts'
import { createRate } from '../rate.ts'
import { pause } from '../scheduler.ts'
import { linkConversation } from './link-conversation.ts'

/** Dials because of announcements, which anybody can forge: at once, and then one at a time (A10). */
const DIALS = { burst: 16, everyMs: 2_000 }
/** Times a device that announces itself is asked what it is; one that does not answer is not listed. */
const MAX_TRIES = 3
const TRY_AGAIN_MS = 1_000

/** Whom an announcement may move: the addresses of devices we know are none of a stranger's business. */
export type MayBePlaced = (device: DeviceId) => boolean

/**
 * The devices on this network that wait to be linked, each once as it comes, and again when it went and
 * came back. An announcement is a hint: listed is who answered under the key it announced.
 */
export async function* nearbyDevices(
  context: DeviceContext,
  mayBePlaced: MayBePlaced,
  { signal: cancel }: CallOptions = {},
): AsyncIterable<NearbyDevice> {
  const { net, scheduler } = context
  const over = new AbortController()
  const signals = [context.signal, over.signal, ...(cancel ? [cancel] : [])]
  const signal = AbortSignal.any(signals)
  const dials = createRate(DIALS, context.clock)
  const asked = new Set<string>()
  const found: NearbyDevice[] = []
  let wake = Promise.withResolvers<void>()

  const look = (peers: readonly NearbyPeer[]): void => {
    const here = new Set(peers.map(({ peer }) => peer))
    for (const peer of asked) if (!here.has(peer)) asked.delete(peer)
    for (const peer of peers) if (!asked.has(peer.peer)) void ask(peer)
  }
  const ask = async (peer: NearbyPeer): Promise<void> => {
    asked.add(peer.peer)
    for (let tries = 0; tries < MAX_TRIES && isHere(peer) && !signal.aborted; ) {
      if (dials.take()) {
        tries++
        const device = await describe(context, peer, { mayBePlaced, signal })
        if (device) return tell(device)
      }
      await pause(scheduler, TRY_AGAIN_MS, { signal })
    }
  }
  const isHere = ({ peer }: NearbyPeer): boolean => asked.has(peer)
  const tell = (device: NearbyDevice): void => {
    found.push(device)
    wake.resolve()
  }
  const onChanged = ({ detail }: { readonly detail: { readonly peers: readonly NearbyPeer[] } }) =>
    look(detail.peers)
  net.addEventListener('nearby:changed', onChanged, { signal })
  signal.addEventListener('abort', () => wake.resolve(), { once: true })
  look(net.nearby())
  try {
    while (!signal.aborted) {
      await wake.promise
      wake = Promise.withResolvers<void>()
      if (signal.aborted) return
      yield* found.splice(0)
    }
  } finally {
    over.abort()
  }
}

/** What a device says it is; undefined when it does not answer as who it claimed to be. */
async function describe(
  context: DeviceContext,
  { peer, addresses }: NearbyPeer,
  { mayBePlaced, signal }: { readonly mayBePlaced: MayBePlaced; readonly signal: AbortSignal },
): Promise<NearbyDevice | undefined> {
  const device = parseDeviceId(peer)
  if (mayBePlaced(device)) context.net.setAddresses(device, addresses)
  try {
    const stream = await context.net.open(device, NEARBY, { signal })
    try {
      const said = descriptionCodec.decode(await linkConversation(stream, context).read())
      await stream.close({ signal })
      const kind = shownName(said.kind, 'unknown')
      return { device, name: shownName(said.name, 'new device'), kind }
    } catch (error) {
      stream.abort(toError(error))
      return undefined
    }
  } catch {
    return undefined
  }
}
