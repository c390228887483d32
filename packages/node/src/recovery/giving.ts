import {
  type AccountId,
  createRecoveryCopy,
  type DeviceId,
  KithError,
  parseDeviceId,
} from '@kithmesh/protocol'
import type { AccountState } from '../account/account-state.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import type { Peers } from '../greeting/peers.ts'
import { RECOVERY } from '../protocols.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { type CopyParts, copyContents } from './contents.ts'
import { recoveryCodec } from './wire.ts'

/** Setting under which a person switches copies off: `false`; anything else is on. */
const COPIES_SETTING = 'recovery.copies'
/** How often contacts that stay connected are offered one; they take one a day (REC-14). */
const OFFER_EVERY_MS = 6 * 3_600_000
/** How long a change of the device log may take to reach the contacts that are connected. */
const OFFER_AGAIN_MS = 30_000
/** A contact that fails so often is left until something changes: it may be an older version. */
const MAX_FAILURES = 5

/** Copies of this account: made now, and given to contacts by itself. */
export interface Giving {
  /** A copy of everything as it is now, numbered above `above`. */
  makeCopy(above: number): Promise<Uint8Array>
  /** Whether contacts are given copies; sets it, on all devices, when `on` is given. */
  copies(on?: boolean, options?: CallOptions): Promise<boolean>
}

/** Offers a copy to every contact's device that is connected: when it comes, when who is in changes, and daily. */
export function startGiving(
  context: DeviceContext,
  parts: CopyParts & {
    readonly peers: Pick<Peers, 'events' | 'accountOf'>
    readonly state: CopyParts['state'] & Pick<AccountState, 'edit'>
  },
): Giving {
  const { net, clock, rng, signer, scheduler, signal } = context
  const { account, state, logs, peers, isContact } = parts
  const codecs = { incoming: recoveryCodec, outgoing: recoveryCodec }

  const offerTo = createRounds(async (device: DeviceId, asked) => {
    let failures = 0
    await retry(context, {
      what: 'a recovery copy',
      attempt: async () => {
        failures += 1
        await open(device)
      },
      wanted: () => isContactNow(device) && failures < MAX_FAILURES,
      asked,
    })
  })

  peers.events.addEventListener('peer:known', ({ detail }) => void offerTo(detail.device), {
    signal,
  })
  logs.events.addEventListener(
    'log:changed',
    ({ detail }) => {
      if (detail.account !== account) return
      offerToAll()
      // Who heard of the offer before the change finds its copy good enough.
      later(OFFER_AGAIN_MS, offerToAll)
    },
    { signal },
  )
  state.data.events.addEventListener(
    'setting:changed',
    ({ detail }) => {
      if (detail.key === COPIES_SETTING) offerToAll()
    },
    { signal },
  )
  // Who was greeted before this was listening.
  offerToAll()
  offerDaily()

  function offerDaily(): void {
    later(OFFER_EVERY_MS, () => {
      offerToAll()
      offerDaily()
    })
  }

  function later(ms: number, task: () => void): void {
    const cancel = scheduler.schedule(ms, () => {
      signal.removeEventListener('abort', cancel)
      task()
    })
    signal.addEventListener('abort', cancel, { once: true })
  }

  function offerToAll(): void {
    for (const peer of net.connected()) {
      const device = parseDeviceId(peer)
      if (isContactNow(device)) void offerTo(device)
    }
  }

  function isContactNow(device: DeviceId): boolean {
    const theirs: AccountId | undefined = peers.accountOf(device)
    return theirs !== undefined && theirs !== account && isContact(theirs)
  }

  async function open(device: DeviceId): Promise<void> {
    if (!isContactNow(device)) return
    const stream = await net.open(device, RECOVERY, { signal })
    try {
      const typed = typedStream(stream, codecs, scheduler)
      const isOn = areOn()
      await typed.send({ kind: isOn ? 'offer' : 'forget' })
      const answer = await typed.read()
      if (isOn && answer.kind === 'want') {
        await typed.send({ kind: 'copy', copy: await makeCopy(answer.above) })
        await typed.read()
      }
      await stream.close({ signal })
    } catch (error) {
      stream.abort(toError(error))
      throw error
    }
  }

  async function makeCopy(above: number): Promise<Uint8Array> {
    const recoveryKey = logs.get(account)?.recoveryKey
    if (!recoveryKey) throw new KithError('ERR_NO_ACCOUNT', 'the device log is missing')
    const madeAt = clock.now()
    // By the clock, so that devices which do not meet go on counting from each other's numbers.
    const number = Math.max(madeAt, above + 1)
    const contents = copyContents(context, parts)
    return createRecoveryCopy({ account, contents, recoveryKey, signer, number, madeAt }, rng)
  }

  function areOn(): boolean {
    return state.data.settings.get(COPIES_SETTING) !== false
  }

  async function copies(on?: boolean, { signal: cancel }: CallOptions = {}): Promise<boolean> {
    cancel?.throwIfAborted()
    if (on !== undefined) await state.edit(() => state.data.settings.set(COPIES_SETTING, on))
    return areOn()
  }

  return { makeCopy, copies }
}
