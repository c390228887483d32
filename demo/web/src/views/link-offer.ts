import type { KithNode, LinkState } from '@kithmesh/node'
import { useEffect, useState } from 'react'
import { type Fault, faultOfCode, sentence } from '../faults.ts'

/** What the new device shows while it waits to be linked. */
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

/** Offers this device for linking for as long as the screen is there. */
export function useLinkOffer(node: KithNode): OfferView {
  const [view, setView] = useState(NOTHING)
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    follow(node, { signal, onState: (state) => setView((now) => next(now, state)) }).catch(
      (error: unknown) => {
        if (!signal.aborted) setView({ ...NOTHING, error })
      },
    )
    return () => leaving.abort()
  }, [node])
  return view
}

async function follow(
  node: KithNode,
  {
    signal,
    onState,
  }: { readonly signal: AbortSignal; readonly onState: (state: LinkState) => void },
): Promise<void> {
  const offer = await node.linking.offer({ signal })
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
