import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  agreeToLink,
  answerLink,
  type CodeLife,
  codeExpiresInMs,
  createLinkCode,
  currentCodeLife,
  endCode,
  KithError,
  type Linked,
  openCodeLife,
  parseDeviceId,
  type Refused,
  readLinkGrant,
} from '@kithmesh/protocol'
import { epochKeysCodec } from '@kithmesh/sync'
import { membershipOps } from './account.ts'
import type { CallOptions, LinkOffer, LinkState } from './api.ts'
import { openCards } from './cards.ts'
import { codeAddresses, relaysSettled } from './code-addresses.ts'
import type { DeviceContext } from './context.ts'
import { codeOf } from './faults.ts'
import { createFeed, type Feed } from './feed.ts'
import { type FrameReader, frameReader } from './frames.ts'
import { LINK } from './protocols.ts'
import { refusalError } from './refusals.ts'

/** The new device's side of linking: it shows a code and waits to be taken in. */
export interface Linking {
  offer(options?: CallOptions): Promise<LinkOffer>
}

/** A person confirms on the other device: as long as people take, not as networks do. */
const CONFIRM_MS = 120_000

/** Linking of a device that belongs to no account yet; `enter` opens the account it comes to belong to. */
export function createLinking(
  context: DeviceContext,
  parts: {
    readonly account: () => AccountId | undefined
    readonly enter: (account: AccountId) => Promise<unknown>
  },
): Linking {
  const { net, clock, rng, scheduler, signal, logger } = context
  const environment = { clock, rng }
  let open: OpenOffer | undefined
  /** How the codes ended that were shown here; the one that stands in it is shown nowhere. */
  let lastLife = openCodeLife(environment)

  net.handle(LINK, async (stream) => {
    const reader = frameReader(stream, scheduler)
    // Whoever is silent takes nobody's turn: the proof comes first.
    const proved = prove(stream, await reader.read())
    if (proved.kind === 'refused') return turnAway(stream, proved)
    // Of a code that stands on no screen nobody has the secret.
    if (!open || open.busy) throw new KithError('ERR_LINK_ORDER', 'no code is shown')
    await answer(stream, { reader, proved, offered: open })
  })

  /** Also without an offer: says what became of a code, so that its finder need not guess (LNK-4). */
  function prove(stream: FrameStream, proof: Uint8Array): ReturnType<typeof answerLink> {
    const peer = parseDeviceId(stream.peer)
    const description = { name: context.name, kind: context.kind }
    const answering = { self: context.device, peer, description, life: open?.life ?? lastLife }
    const proved = answerLink(answering, proof, environment)
    if (open) open.life = proved.life
    else lastLife = proved.life
    return proved
  }

  async function turnAway(stream: FrameStream, outcome: Refused): Promise<void> {
    const { code, message } = await refused(stream, outcome)
    if (!open || open.busy) return
    open.feed.set({ state: 'failed', code, message })
    showNew(open)
  }

  async function offer({ signal: cancel }: CallOptions = {}): Promise<LinkOffer> {
    if (parts.account()) throw alreadyLinked()
    await relaysSettled(context)
    cancel?.throwIfAborted()
    const mine = open ?? start()
    return {
      get code() {
        return codeTextOf(mine.life)
      },
      states: (options) => mine.feed.values(options),
      close: async () => end(mine),
    }
  }

  function start(): OpenOffer {
    const life = openCodeLife(environment)
    const started: OpenOffer = {
      life,
      feed: createFeed<LinkState>(waiting(life)),
      busy: false,
      cancelRenewal: () => undefined,
    }
    open = started
    renewLater(started)
    // The addresses stand in the code: a new reservation or network makes a better one.
    net.addEventListener('addresses:changed', () => show(started, started.life), { signal })
    return started
  }

  function end(offered: OpenOffer): void {
    if (open === offered) open = undefined
    lastLife = endCode(offered.life, { end: 'ERR_CODE_EXPIRED' }, environment)
    offered.cancelRenewal()
    offered.feed.end()
  }

  function renewLater(offered: OpenOffer): void {
    offered.cancelRenewal()
    offered.cancelRenewal = scheduler.schedule(codeExpiresInMs(offered.life, environment), () => {
      show(offered, currentCodeLife(offered.life, environment))
      renewLater(offered)
    })
  }

  /** The code as it stands now; while somebody is linking, the screen shows that instead. */
  function show(offered: OpenOffer, life: CodeLife): void {
    offered.life = life
    if (open === offered && !offered.busy) offered.feed.set(waiting(life))
  }

  function waiting(life: CodeLife): LinkState {
    return {
      state: 'waiting',
      code: codeTextOf(life),
      expiresInMs: Math.round(codeExpiresInMs(life, environment)),
    }
  }

  function codeTextOf(life: CodeLife): string {
    return createLinkCode({
      device: context.device,
      secret: life.secret,
      addresses: codeAddresses(net),
    })
  }

  async function answer(stream: FrameStream, attempt: Attempt): Promise<void> {
    const { offered } = attempt
    offered.busy = true
    try {
      await takePart(stream, attempt)
    } catch (error) {
      net.keep([])
      logger.debug('linking failed', { code: codeOf(error) })
      const { code, message } = asKithError(error)
      offered.feed.set({ state: 'failed', code, message })
      throw error
    } finally {
      offered.busy = false
      showNew(offered)
    }
  }

  /** What an attempt left: another code, or the same with one chance less. */
  function showNew(offered: OpenOffer): void {
    if (open !== offered) return
    show(offered, offered.life)
    renewLater(offered)
  }

  /** Steps of linking.ts in the protocol: seen → confirm → syncing → done. */
  async function takePart(
    stream: FrameStream,
    { reader, proved, offered }: Attempt,
  ): Promise<void> {
    offered.feed.set({ state: 'seen' })
    // It has the secret, so its addresses are worth trying: a nearer way than the relay makes it near.
    net.keep([stream.peer])
    await stream.send(proved.send)
    offered.feed.set({ state: 'confirm' })
    const linked = await join(stream, reader, proved.state, offered.feed)
    await keep(linked)
    offered.feed.set({ state: 'syncing', percent: 100 })
    const { account } = linked.log
    await parts.enter(account)
    await stream.send(linked.send)
    offered.feed.set({ state: 'done', account, device: context.device })
    end(offered)
  }

  async function join(
    stream: FrameStream,
    reader: FrameReader,
    state: Parameters<typeof agreeToLink>[0],
    feed: Feed<LinkState>,
  ): Promise<Linked> {
    const card = (await openCards(context)).own()
    const proposal = await reader.read(CONFIRM_MS)
    const agreed = await agreeToLink(state, proposal, { signer: context.signer, card, rng })
    if (agreed.kind === 'refused') throw await refused(stream, agreed)
    feed.set({ state: 'syncing', percent: 0 })
    await stream.send(agreed.send)
    const linked = readLinkGrant(agreed.state, await reader.read(), environment)
    if (linked.kind === 'refused') throw await refused(stream, linked)
    return linked
  }

  /** One batch: this device belongs to the account, or nothing of it is here. */
  async function keep({ log, epochKeys, snapshot }: Linked): Promise<void> {
    const epochs = epochKeysCodec.decode(epochKeys)
    const { account, entries } = log
    await context.store.commit(membershipOps(context, { account, entries, epochs, seed: snapshot }))
  }

  return { offer }
}

interface OpenOffer {
  life: CodeLife
  readonly feed: Feed<LinkState>
  /** Somebody has the code and is linking. */
  busy: boolean
  cancelRenewal: () => void
}

/** Somebody dialled and has proved the secret. */
interface Attempt {
  readonly reader: FrameReader
  readonly proved: Exclude<ReturnType<typeof answerLink>, Refused>
  readonly offered: OpenOffer
}

/** Tells the other side, and becomes the error this side fails with. */
async function refused(stream: FrameStream, outcome: Refused): Promise<KithError> {
  if (outcome.send) await stream.send(outcome.send).catch(() => undefined)
  await stream.close().catch(() => undefined)
  return refusalError(outcome.code)
}

function alreadyLinked(): KithError {
  return new KithError('ERR_LINK_ALREADY', 'this device belongs to an account already')
}

function asKithError(error: unknown): KithError {
  return error instanceof KithError
    ? error
    : new KithError('ERR_STREAM_ENDED', 'the other device went away', { cause: error })
}
