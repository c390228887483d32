import type { RelayState } from '@kithmesh/net'

/** The part of the network that tells of relays. */
export interface RelayStates {
  relays(): readonly RelayState[]
  addEventListener(
    type: 'relay:changed',
    listener: () => void,
    options?: { signal?: AbortSignal },
  ): void
}

/** What is worth waiting for: a relay that is not there within this time may be told as it is. */
const PATIENCE_MS = 5_000

/**
 * Resolves when a relay that was just given to the network stands as it should, or after five seconds: until then its
 * state is that of a first try and says nothing.
 */
export async function settled(
  net: RelayStates,
  isSettled: (states: readonly RelayState[]) => boolean,
  { signal: given }: { readonly signal: AbortSignal },
): Promise<void> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(PATIENCE_MS)])
  if (signal.aborted || isSettled(net.relays())) return
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (isSettled(net.relays())) resolve()
    }
    net.addEventListener('relay:changed', look, { signal })
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
