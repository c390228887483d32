/** Linking with a device that is not there: what the screens show, and what the persons answer. */

import type { Device, LinkOffer, LinkOfferOptions, LinkOptions } from '@kithmesh/node'
import { device, type FakeDevice, kithError, LAPTOP } from './fake-device.ts'

/** What a new device asks its person before it is linked. */
export async function askNewDevice(
  fake: FakeDevice,
  confirm: LinkOfferOptions['confirm'],
): Promise<void> {
  const { signal } = new AbortController()
  const seen = { device: LAPTOP, name: 'laptop', kind: 'cli', digits: fake.seen.digits }
  const answer = (await confirm?.(seen, { signal })) ?? true
  fake.answers.push(answer)
  if (answer === 'differ') throw kithError('ERR_LINK_DIGITS', 'The digits differ.')
  if (!answer) throw kithError('ERR_LINK_DECLINED', 'It was declined.')
}

/** The code a new device shows. */
export function offerOf(fake: FakeDevice, confirm: LinkOfferOptions['confirm']): LinkOffer {
  return {
    code: 'WEB+KITH:L/AAAA',
    async *states() {
      for (const state of fake.linkStates) {
        if (state.state === 'confirm') await askNewDevice(fake, confirm).catch(() => undefined)
        if (state.state === 'done') fake.account = state.account
        yield state
      }
      await new Promise(() => undefined)
    },
    close: async () => undefined,
  }
}

/** Links a device as a person allows it. */
export async function linkOf(fake: FakeDevice, options: LinkOptions): Promise<Device> {
  const { confirm, far, onState } = options
  fake.asked = options
  if (fake.linkFailure !== undefined) throw fake.linkFailure
  onState?.({ state: 'seen' })
  if (fake.seen.distance === 'far' && far !== true) {
    throw kithError('ERR_LINK_FAR', 'The device is not near.')
  }
  const { digits } = fake.seen
  onState?.({ state: 'confirm', digits })
  const question = new AbortController()
  fake.withdraw = () => question.abort()
  const asking = confirm(fake.seen, { signal: question.signal })
  fake.whileAsked?.()
  const answer = await asking.catch((error: unknown) => {
    throw question.signal.aborted ? kithError('ERR_LINK_DECLINED', 'Declined there.') : error
  })
  fake.answers.push(answer)
  if (answer === 'differ') throw kithError('ERR_LINK_DIGITS', 'The digits differ.')
  if (!answer) throw kithError('ERR_LINK_DECLINED', 'It was declined.')
  onState?.({ state: 'syncing', percent: 100 })
  return device({ device: fake.seen.device, name: fake.seen.name })
}
