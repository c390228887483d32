import type { Device, LinkOptions, LinkState } from '@kithmesh/node'
import type { CallInput } from '../local/calls.ts'
import { deviceEvent, linkStateEvent, nearbyEvent, seenDevice } from './answers.ts'
import { choiceOf } from './history.ts'
import { itemsUntilAborted } from './items.ts'
import { findDevice } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

/** Links the device that shows the code; the person at the command confirms it. */
export async function linkDevice(
  { code, far, ...terms }: CallInput<'link'>,
  serving: Serving,
): Promise<void> {
  const { node } = serving
  requireAccount(node)
  await linking(serving, (options) =>
    node.devices.link(code, { ...options, far, ...termsOf(terms) }),
  )
}

/** Links a device that waits on this network. */
export async function linkNearby(
  { device, ...terms }: CallInput<'link nearby'>,
  serving: Serving,
): Promise<void> {
  const { node, signal } = serving
  requireAccount(node)
  for await (const found of itemsUntilAborted(node.devices.nearby({ signal }), signal)) {
    if (found.device !== device) continue
    return linking(serving, (options) =>
      node.devices.linkNearby(found.device, { ...options, ...termsOf(terms) }),
    )
  }
}

/** One attempt, told as it goes on. */
async function linking(
  { signal, emit, confirm }: Serving,
  link: (options: LinkOptions) => Promise<Device>,
): Promise<void> {
  const told: Promise<void>[] = []
  const linked = await link({
    signal,
    confirm: (seen, question) => confirm(seenDevice(seen), question),
    onState: (state) => {
      if (isProgress(state)) told.push(emit(linkStateEvent(state)))
    },
  })
  await Promise.all(told)
  const { device, name } = deviceEvent(linked)
  await emit({ event: 'linked', device, name })
}

/** Shows codes of this device until one device is linked by them, or the command goes. */
export async function showLinkCodes(
  { far, ...terms }: CallInput<'link show'>,
  serving: Serving,
): Promise<void> {
  const { node, signal, emit, confirm } = serving
  requireAccount(node)
  const offer = await node.devices.offer({
    far,
    ...termsOf(terms),
    signal,
    confirm: (seen, question) => confirm(seenDevice(seen), question),
  })
  let shown = ''
  try {
    for await (const state of itemsUntilAborted(offer.states({ signal }), signal)) {
      if (state.state === 'done') {
        const linked = (await node.devices.list({ signal })).find(
          ({ device }) => device === state.device,
        )
        return await emit({ event: 'linked', device: state.device, name: linked?.name ?? '' })
      }
      if (state.state !== 'waiting') await emit(linkStateEvent(state))
      else if (state.code !== shown) {
        shown = state.code
        const expiresInMs = Math.floor(state.expiresInMs)
        await emit({ event: 'link-code', code: state.code, expiresInMs })
      }
    }
  } finally {
    await offer.close()
  }
}

/** Tells of the devices on this network that wait, for a while; not longer than until the one meant is there. */
export async function tellNearby(
  { lookMs, othersMs, device }: CallInput<'nearby'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const end = (): void => over.abort()
  const timers = [setTimeout(end, lookMs)]
  try {
    for await (const found of itemsUntilAborted(node.devices.nearby({ signal: until }), until)) {
      await emit(nearbyEvent(found))
      if (found.device === device) return
      timers.push(setTimeout(end, othersMs))
    }
  } finally {
    for (const timer of timers) clearTimeout(timer)
    over.abort()
  }
}

export async function approveHistory(
  { device }: CallInput<'devices approve'>,
  serving: Serving,
): Promise<void> {
  const found = await findDevice(device, serving)
  const { node, signal, emit } = serving
  await emit(deviceEvent(await node.devices.approveHistory(found.device, { signal })))
}

function termsOf({
  hours,
  days,
}: Pick<CallInput<'link show'>, 'hours' | 'days'>): Pick<LinkOptions, 'temporary' | 'history'> {
  const history = choiceOf(days)
  return hours === undefined ? { history } : { history, temporary: { hours } }
}

/** States that only this side can tell; the end has an event or an error of its own. */
function isProgress({ state }: LinkState): boolean {
  return state === 'seen' || state === 'confirm' || state === 'syncing'
}
