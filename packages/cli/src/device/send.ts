import type { DeliveryState, SentMessage } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import type { CallInput } from '../local/calls.ts'
import { deliveryEvent, sentEvent } from './answers.ts'
import { itemsUntilAborted } from './items.ts'
import { findContact } from './resolve.ts'
import type { Serving } from './served.ts'

/** Sends a text; what is waited for besides the disk is the caller's choice (CLI-17). */
export async function sendMessage(input: CallInput<'send'>, serving: Serving): Promise<void> {
  const { node, signal, emit } = serving
  const { contact } = await findContact(input.contact, serving)
  const sent = await node.messages.send(contact, { text: input.text }, { signal })
  await emit(sentEvent(sent, await firstState(sent, signal)))
  if (input.wait !== 'none') await waitForDelivery(sent, input, serving)
}

async function firstState(
  sent: SentMessage,
  signal: AbortSignal,
): Promise<DeliveryState | undefined> {
  for await (const state of itemsUntilAborted(sent.delivery({ signal }), signal)) return state
  return undefined
}

async function waitForDelivery(
  sent: SentMessage,
  { wait, timeoutMs }: CallInput<'send'>,
  serving: Serving,
): Promise<void> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  const signal = AbortSignal.any([serving.signal, late.signal])
  let last: DeliveryState | undefined
  try {
    for await (const state of itemsUntilAborted(sent.delivery({ signal }), signal)) {
      await serving.emit(deliveryEvent(sent.message, state))
      if (isFarEnough(state, wait)) return
      last = state
    }
  } finally {
    clearTimeout(timer)
  }
  serving.signal.throwIfAborted()
  const far = wait === 'all' ? 'every device' : 'any device'
  const why = last?.waiting === undefined ? '' : `: ${last.waiting.text.slice(0, WHY_MAX)}`
  throw CommandError.of(
    'ERR_TIMEOUT',
    `The message has not reached ${far} of the contact in ${timeoutMs} ms${why}.`,
    'It stays in the outbox and goes when a device of the contact is there. See: kith status',
  )
}

/** Names in it are from elsewhere. */
const WHY_MAX = 256

function isFarEnough({ reached, of }: DeliveryState, wait: 'reached' | 'all' | 'none'): boolean {
  return wait === 'all' ? of > 0 && reached >= of : reached > 0
}
