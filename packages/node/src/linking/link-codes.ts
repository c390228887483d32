import type { FrameStream, NetProtocol } from '@kithmesh/net'
import {
  answerCode,
  type CodeLife,
  codeExpiresInMs,
  currentCodeLife,
  type DeviceDescription,
  endCode,
  type LinkAnswered,
  openCodeLife,
  parseDeviceId,
  type Refused,
  refuseOpening,
} from '@kithmesh/protocol'
import type { LinkOffer, LinkState } from '../api/linking.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { createFeed, type Feed } from '../feed.ts'
import { asKithError, type LinkConversation, linkConversation } from './link-conversation.ts'
import { refusalError } from './refusals.ts'

/** A code that is shown, by a new device or by an existing one (DEV-11). */
export interface OpenOffer<T> {
  /** What whoever shows it wants of those who come with it. */
  readonly options: T
  life: CodeLife
  readonly feed: Feed<LinkState>
  /** Somebody is linking. */
  busy: boolean
  /** Who links now came without a code, and ends for somebody who has it: resolves when it has. */
  giveWay: (() => Promise<void>) | undefined
  cancelRenewal: () => void
  /** Aborts when it is shown no more. */
  readonly ended: AbortController
}

/** Somebody dialled and has proved the secret of the code that is shown. */
export interface CodeAttempt<T> {
  readonly conversation: LinkConversation
  readonly state: LinkAnswered
  /** The frame that proves the secret in turn. */
  readonly send: Uint8Array
  readonly offered: OpenOffer<T>
}

/** The codes of one device, one shown at a time. */
export interface LinkCodes<T> {
  current(): OpenOffer<T> | undefined
  /** The code that is shown, or a new one. */
  show(options: T): { readonly offered: OpenOffer<T>; readonly offer: LinkOffer }
  end(offered: OpenOffer<T>): void
  /** Does one attempt at a time: what goes wrong is shown, then another code. */
  attempt(offered: OpenOffer<T>, task: () => Promise<void>): Promise<void>
  /** The same, for one that ends when `task` is told so while somebody with the code comes (DEV-14). */
  attemptUntilCode(
    offered: OpenOffer<T>,
    task: (options: { readonly signal: AbortSignal; agreed(): void }) => Promise<void>,
  ): Promise<void>
}

/** What is shown, and what becomes of who comes with it. */
export interface LinkCodesParts<T> {
  readonly way: 'link' | 'join'
  readonly protocol: NetProtocol
  readonly textOf: (life: CodeLife) => string
  readonly description: () => DeviceDescription
  readonly take: (attempt: CodeAttempt<T>) => Promise<void>
  /** The offer ends: nothing of it may stay. */
  readonly onEnd?: () => void
}

/** Shows codes and answers whoever dials with one. */
export function createLinkCodes<T>(
  context: DeviceContext,
  { way, protocol, textOf, description, take, onEnd }: LinkCodesParts<T>,
): LinkCodes<T> {
  const { net, clock, rng, scheduler, signal, logger } = context
  const environment = { clock, rng }
  let open: OpenOffer<T> | undefined
  /** How the codes ended that were shown here; the one that stands in it is shown nowhere. */
  let lastLife = openCodeLife(environment)

  net.handle(protocol, async (stream) => {
    const conversation = linkConversation(stream, context)
    // Whoever is silent takes nobody's turn: the proof comes first.
    const proved = prove(stream, await conversation.read())
    if (proved.kind === 'refused') return turnAway(conversation, proved)
    const offered = open
    await offered?.giveWay?.()
    // Of a code that stands on no screen nobody has the secret.
    if (!offered || offered.busy) {
      throw await conversation.refuse(refuseOpening(offered ? 'ERR_LINK_BUSY' : 'ERR_LINK_CLOSED'))
    }
    const { state, send } = proved
    await attempt(offered, () => take({ conversation, state, send, offered }))
  })

  /** Also without an offer: says what became of a code, so that its finder need not guess (LNK-4). */
  function prove(stream: FrameStream, proof: Uint8Array): ReturnType<typeof answerCode> {
    const ends = { self: context.device, peer: parseDeviceId(stream.peer) }
    const life = open?.life ?? lastLife
    const answering = { way, ...ends, description: description(), life }
    const proved = answerCode(answering, proof, environment)
    if (open) open.life = proved.life
    else lastLife = proved.life
    return proved
  }

  async function turnAway(conversation: LinkConversation, outcome: Refused): Promise<void> {
    const { code, message } = await conversation.refuse(outcome)
    if (!open || open.busy) return
    open.feed.set({ state: 'failed', code, message })
    showNext(open)
  }

  async function attempt(offered: OpenOffer<T>, task: () => Promise<void>): Promise<void> {
    offered.busy = true
    try {
      await task()
    } catch (error) {
      logger.debug('linking failed', { code: codeOf(error) })
      const { code, message } = asKithError(error)
      offered.feed.set({ state: 'failed', code, message })
      throw error
    } finally {
      offered.busy = false
      showNext(offered)
    }
  }

  async function attemptUntilCode(
    offered: OpenOffer<T>,
    task: (options: { readonly signal: AbortSignal; agreed(): void }) => Promise<void>,
  ): Promise<void> {
    const over = new AbortController()
    const ended = Promise.withResolvers<void>()
    offered.giveWay = () => {
      over.abort(refusalError('ERR_LINK_BUSY'))
      return ended.promise
    }
    // Once a person here has agreed to it, it goes on.
    const agreed = (): void => {
      offered.giveWay = undefined
    }
    try {
      await attempt(offered, () => task({ signal: over.signal, agreed }))
    } finally {
      agreed()
      ended.resolve()
    }
  }

  function show(options: T): { readonly offered: OpenOffer<T>; readonly offer: LinkOffer } {
    const offered = open ?? start(options)
    const offer: LinkOffer = {
      get code() {
        return textOf(offered.life)
      },
      states: (call) => offered.feed.values(call),
      close: async () => end(offered),
    }
    return { offered, offer }
  }

  function start(options: T): OpenOffer<T> {
    const life = openCodeLife(environment)
    const started: OpenOffer<T> = {
      options,
      life,
      feed: createFeed<LinkState>(waiting(life)),
      busy: false,
      giveWay: undefined,
      cancelRenewal: () => undefined,
      ended: new AbortController(),
    }
    open = started
    renewLater(started)
    // The addresses stand in the code: a new reservation or network makes a better one.
    const until = AbortSignal.any([signal, started.ended.signal])
    const onAddresses = (): void => showCode(started, started.life)
    net.addEventListener('addresses:changed', onAddresses, { signal: until })
    // A device that stops shows nothing any more: who follows the states comes to their end (NODE-13).
    signal.addEventListener('abort', () => end(started), { signal: started.ended.signal })
    return started
  }

  function end(offered: OpenOffer<T>): void {
    if (open !== offered) return
    open = undefined
    lastLife = endCode(offered.life, { end: 'ERR_CODE_EXPIRED' }, environment)
    offered.cancelRenewal()
    offered.ended.abort()
    offered.feed.end()
    onEnd?.()
  }

  function renewLater(offered: OpenOffer<T>): void {
    offered.cancelRenewal()
    offered.cancelRenewal = scheduler.schedule(codeExpiresInMs(offered.life, environment), () => {
      showCode(offered, currentCodeLife(offered.life, environment))
      renewLater(offered)
    })
  }

  /** The code as it stands now; while somebody is linking, the screen shows that instead. */
  function showCode(offered: OpenOffer<T>, life: CodeLife): void {
    offered.life = life
    if (open === offered && !offered.busy) offered.feed.set(waiting(life))
  }

  /** What an attempt left: another code, or the same with one chance less. */
  function showNext(offered: OpenOffer<T>): void {
    if (open !== offered) return
    showCode(offered, offered.life)
    renewLater(offered)
  }

  function waiting(life: CodeLife): LinkState {
    const expiresInMs = Math.round(codeExpiresInMs(life, environment))
    return { state: 'waiting', code: textOf(life), expiresInMs }
  }

  return { current: () => open, show, end, attempt, attemptUntilCode }
}
