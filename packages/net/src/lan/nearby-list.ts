import { createWaker } from '../backoff.ts'
import type { Clock } from '../environment.ts'
import type { NearbyPeer, PeerIdText } from '../net.ts'

/** A device that waits says so every 1.5 s; after this long without a word it does so no more. */
const WAITING_MS = 6_000
/** Devices that wait near us at once: nobody can choose from more (rule NET-48). */
const MAX_WAITING = 16
/** Of one network address: whoever floods from one hides nobody else. */
const MAX_WAITING_OF_SOURCE = 4

/** The devices on this network that say they wait to be linked (rules NET-47, NET-48). Hints only. */
export interface NearbyList {
  /** A device said so, in a datagram from `source`. */
  heard(source: string, peer: NearbyPeer): void
  list(): readonly NearbyPeer[]
}

interface Waiting extends NearbyPeer {
  readonly source: string
  readonly heardAt: number
}

/** A list that forgets who is silent; when it is full, those who are in it stay. */
export function createNearbyList(
  clock: Pick<Clock, 'monotonic'>,
  {
    changed,
    signal,
  }: {
    readonly changed: (peers: readonly NearbyPeer[]) => void
    readonly signal: AbortSignal
  },
): NearbyList {
  const waitingByPeer = new Map<PeerIdText, Waiting>()
  let isSweeping = false

  const list = (): readonly NearbyPeer[] =>
    [...waitingByPeer.values()].map(({ peer, addresses }) => ({ peer, addresses }))

  const hasRoom = (source: string): boolean => {
    const ofSource = [...waitingByPeer.values()].filter((one) => one.source === source)
    return waitingByPeer.size < MAX_WAITING && ofSource.length < MAX_WAITING_OF_SOURCE
  }
  const sweep = async (): Promise<void> => {
    if (isSweeping) return
    isSweeping = true
    const waker = createWaker()
    while (waitingByPeer.size > 0 && !signal.aborted) {
      const oldest = Math.min(...[...waitingByPeer.values()].map(({ heardAt }) => heardAt))
      await waker.sleep(Math.max(1, oldest + WAITING_MS - clock.monotonic()), { signal })
      if (forgetSilent()) changed(list())
    }
    isSweeping = false
  }
  const forgetSilent = (): boolean => {
    const before = waitingByPeer.size
    for (const [peer, { heardAt }] of waitingByPeer) {
      if (heardAt + WAITING_MS <= clock.monotonic()) waitingByPeer.delete(peer)
    }
    return waitingByPeer.size < before
  }
  return {
    heard: (source, { peer, addresses }) => {
      const before = waitingByPeer.get(peer)
      if (before === undefined && !hasRoom(source)) return
      // Whoever speaks in the name of another does not move it: the first to say so is believed.
      if (before !== undefined && before.source !== source) return
      waitingByPeer.set(peer, { peer, addresses, source, heardAt: clock.monotonic() })
      if (before === undefined || before.addresses.join() !== addresses.join()) changed(list())
      void sweep()
    },
    list,
  }
}
