import type {
  Device,
  KithNode,
  LinkAnswer,
  LinkOptions,
  LinkState,
  SeenDevice,
  SeenLinker,
  YesOnTerms,
} from '@kithmesh/node'
import type { States } from './states.ts'

type Answer = LinkAnswer | YesOnTerms
type Linkers = Pick<KithNode['devices'], 'link' | 'offer' | 'nearby' | 'linkNearby'>

const NOW = Date.UTC(2026, 10, 3, 9)
const HOUR_MS = 3_600_000

/** Linking of a fake device, on both sides: what the other device would say is said here. */
export function linkingOf(fake: {
  readonly offerStates: States<LinkState>
  readonly orFail: (
    call: 'devices.link' | 'devices.offer' | 'linking.offer' | 'linking.join',
  ) => void
  readonly kithError: (code: string, message: string) => Error
  readonly found: () => SeenDevice
  readonly linker: () => SeenLinker
  readonly linked: (device: SeenDevice, stay: Partial<Device>) => Device
  readonly joined: () => NonNullable<KithNode['account']>
  /** This device belongs to an account now. */
  readonly enter: () => void
}): {
  readonly linking: KithNode['linking']
  readonly linkers: Linkers
  /** Somebody comes with the code that is shown; resolves with what the person here answered. */
  readonly meet: () => Promise<Answer>
} {
  const { offerStates, orFail } = fake
  const over = new AbortController()
  let onMeet: ((options: { readonly signal: AbortSignal }) => Promise<Answer>) | undefined

  /** What an answer leads to: an error for whoever waits. */
  const orRefuse = (answer: Answer): void => {
    if (answer === 'differ') throw fake.kithError('ERR_LINK_DIGITS', 'the digits differ')
    if (answer === false) throw fake.kithError('ERR_LINK_DECLINED', 'it was not confirmed')
  }
  const offering = (ask: typeof onMeet) => {
    onMeet = ask
    const states = (options?: { readonly signal?: AbortSignal }) => offerStates.values(options)
    return { code: '', states, close: async () => undefined }
  }

  async function takeIn(
    { confirm, onState, signal }: LinkOptions,
    show: (state: LinkState) => void,
  ): Promise<Answer> {
    const tell = (state: LinkState): void => {
      show(state)
      onState?.(state)
    }
    const found = fake.found()
    tell({ state: 'seen' })
    tell({ state: 'confirm', digits: found.digits })
    const answer = await confirm(found, { signal: signal ?? over.signal })
    orRefuse(answer)
    tell({ state: 'syncing', percent: 38 })
    const { device } = fake.linked(found, stayOf(answer))
    tell({ state: 'done', account: fake.joined(), device })
    return answer
  }

  async function linkFound(options: LinkOptions): Promise<Device> {
    let id: Device['device'] | undefined
    const onState = (state: LinkState): void => {
      options.onState?.(state)
      if (state.state === 'done') id = state.device
    }
    const answer = await takeIn({ ...options, onState }, () => undefined)
    return fake.linked({ ...fake.found(), device: id ?? fake.found().device }, stayOf(answer))
  }

  return {
    linking: {
      offer: async ({ confirm } = {}) => {
        orFail('linking.offer')
        return offering(async (options) => {
          offerStates.put({ state: 'seen' })
          offerStates.put({ state: 'confirm', digits: fake.linker().digits })
          return confirm === undefined || confirm(fake.linker(), options)
        })
      },
      join: async (_code, { confirm, onState, signal }) => {
        orFail('linking.join')
        onState?.({ state: 'seen' })
        onState?.({ state: 'confirm', digits: fake.linker().digits })
        orRefuse(await confirm(fake.linker(), { signal: signal ?? over.signal }))
        onState?.({ state: 'syncing', percent: 100 })
        fake.enter()
        return fake.joined()
      },
    },
    linkers: {
      link: async (_code, options) => {
        orFail('devices.link')
        return linkFound(options)
      },
      offer: async (options) => {
        orFail('devices.offer')
        return offering(() => takeIn(options, offerStates.put))
      },
      nearby: async function* () {},
      linkNearby: async (_device, options) => linkFound(options),
    },
    meet: async () => {
      if (!onMeet) throw new Error('no code is shown')
      return onMeet({ signal: over.signal })
    },
  }
}

function stayOf(answer: Answer): Partial<Device> {
  if (typeof answer !== 'object') return {}
  const { temporary, history } = answer
  return {
    ...(temporary && { expiresAt: NOW + temporary.hours * HOUR_MS }),
    ...(typeof history === 'object' && { historySince: NOW - history.days * 24 * HOUR_MS }),
    ...(history === 'none' && { historySince: NOW }),
  }
}
