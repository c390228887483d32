import type { LinkOffer, LinkState } from '@kithmesh/node'
import { useEffect, useRef, useState } from 'react'
import type { Fault } from '../fault-words.ts'
import { faultOfCode, sentence } from '../faults.ts'

/** What a device shows while it waits for another that reads its code. */
export interface OfferView {
  readonly state: LinkState | undefined
  readonly code: string | undefined
  /** When the code is renewed, by `performance.now()`. */
  readonly endsAt: number
  /** How the last try ended, while the next is waited for. */
  readonly lastFault: Fault | undefined
  /** The offer itself failed; it can be made again. */
  readonly error: unknown
}

/** Makes an offer, on a new device or an existing one. */
export type MakeOffer = (options: { readonly signal: AbortSignal }) => Promise<LinkOffer>

/** Shows a code for as long as the screen is there. `make` is called once. */
export function useLinkOffer(make: MakeOffer): OfferView {
  const [view, setView] = useState(NOTHING)
  const making = useRef(make)
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    follow(making.current, {
      signal,
      onState: (state) => setView((now) => next(now, state)),
    }).catch((error: unknown) => {
      if (!signal.aborted) setView({ ...NOTHING, error })
    })
    return () => leaving.abort()
  }, [])
  return view
}

async function follow(
  make: MakeOffer,
  {
    signal,
    onState,
  }: { readonly signal: AbortSignal; readonly onState: (state: LinkState) => void },
): Promise<void> {
  const offer = await make({ signal })
  try {
    for await (const state of offer.states({ signal })) {
      if (signal.aborted) return
      onState(state)
    }
  } finally {
    await offer.close()
  }
}

/** The screen after a state: code and last failure stay while the states go on. */
function next(view: OfferView, state: LinkState): OfferView {
  switch (state.state) {
    case 'waiting':
      return {
        ...view,
        state,
        code: state.code,
        endsAt: performance.now() + state.expiresInMs,
        lastFault: wasUnderWay(view.state) ? UNFINISHED : view.lastFault,
      }
    case 'failed': {
      const words = { happened: sentence(state.message), means: UNFINISHED.means }
      return { ...view, state, lastFault: faultOfCode(state.code, words) }
    }
    case 'seen':
      return { ...view, state, lastFault: undefined }
    case 'confirm':
    case 'syncing':
    case 'done':
      return { ...view, state }
  }
}

function wasUnderWay(state: LinkState | undefined): boolean {
  return state?.state === 'seen' || state?.state === 'confirm' || state?.state === 'syncing'
}

const UNFINISHED: Fault = {
  happened: 'The last try did not end in a link.',
  means: 'Nothing was changed. Here is a new code.',
}

const NOTHING: OfferView = {
  state: undefined,
  code: undefined,
  endsAt: 0,
  lastFault: undefined,
  error: undefined,
}
