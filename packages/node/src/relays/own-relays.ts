import { isNetError, type Net, type RelayState } from '@kithmesh/net'
import {
  type AccountId,
  KithError,
  parseDeviceId,
  parseRelayCode,
  type RelayAnswer,
  type RelayQuestion,
  type RelayTalkers,
  relayProof,
  relayTag,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { CallOptions, Logger } from '../api/options.ts'
import type { RelayUsage } from '../api/relays.ts'
import { codeOf } from '../faults.ts'
import type { Store } from '../store/store-types.ts'
import type { Tables } from '../tables.ts'
import { talkToRelay } from './relay-talk.ts'
import { readUsage } from './relay-usage.ts'
import { settled } from './settling.ts'

/** Reservations a device holds at once; more would cost connections and gain nothing. */
export const MAX_RELAYS = 8

/** The relays of this device: which there are, and what they know of its account. */
export interface OwnRelays {
  list(): readonly RelayState[]
  /** Holds a place there from now on; its state is that of the first try. @throws ERR_ADDRESS, ERR_RELAYS */
  add(address: string, options?: CallOptions): Promise<readonly RelayState[]>
  /** Takes a relay out: one address, or all of its peer id. @throws ERR_NOT_FOUND */
  remove(address: string): Promise<readonly RelayState[]>
  /** Makes this account the owner of the relay that shows the code. @throws ERR_CODE_…, ERR_RELAY_CLAIM, ERR_UNREACHABLE */
  claim(code: string, options?: CallOptions): Promise<readonly RelayState[]>
  /** What one of them, or all that keep sums, forwarded for this account. @throws ERR_NOT_FOUND, ERR_SIGNATURE, ERR_UNREACHABLE */
  usage(relay?: string, options?: CallOptions): Promise<readonly RelayUsage[]>
  /** Says to a relay whose this device is; any relay that does not care is left in peace. */
  introduce(relay: string, options: { readonly signal: AbortSignal }): Promise<void>
  /** The network is there. */
  use(net: Net): void
  /** This device belongs to an account: its relays are told, now and whenever the log changes. */
  follow(
    account: AccountId,
    logs: Pick<DeviceLogs, 'get' | 'events'>,
    options: { readonly signal: AbortSignal },
  ): void
}

/** What it stands on. */
export interface OwnRelaysParts {
  readonly tables: Pick<Tables, 'settings'>
  readonly store: Pick<Store, 'commit'>
  readonly logger: Logger
  /** As they are kept at the start. */
  readonly relays: readonly string[]
}

/** Relays that are told nothing until there is a network and an account. */
export function createOwnRelays(parts: OwnRelaysParts): OwnRelays {
  return new DeviceRelays(parts)
}

/** The account this device is of, and its log. */
interface Member {
  readonly account: AccountId
  readonly logs: Pick<DeviceLogs, 'get'>
}

class DeviceRelays implements OwnRelays {
  readonly #parts: OwnRelaysParts
  #addresses: readonly string[]
  #net: Net | undefined
  #member: Member | undefined

  constructor(parts: OwnRelaysParts) {
    this.#parts = parts
    this.#addresses = parts.relays
  }

  use(net: Net): void {
    this.#net = net
  }

  list(): readonly RelayState[] {
    return this.#requireNet().relays()
  }

  async add(
    address: string,
    { signal = new AbortController().signal }: CallOptions = {},
  ): Promise<readonly RelayState[]> {
    await this.#keep([...this.#addresses.filter((one) => one !== address), address])
    const isAsked = (one: RelayState): boolean =>
      one.address === address && one.state === 'connecting'
    await settled(this.#requireNet(), (states) => !states.some(isAsked), { signal })
    return this.list()
  }

  async remove(address: string): Promise<readonly RelayState[]> {
    const kept = this.#addresses.filter((one) => !isCalled(one, address))
    if (kept.length < this.#addresses.length) return this.#keep(kept)
    throw noSuchRelay()
  }

  async claim(
    text: string,
    { signal = new AbortController().signal }: CallOptions = {},
  ): Promise<readonly RelayState[]> {
    const code = parseRelayCode(text)
    const member = this.#requireMember()
    const net = this.#requireNet()
    const found = code.addresses.map((bytes) => `${net.addressFromBytes(bytes)}/p2p/${code.relay}`)
    const others = this.#addresses.filter((one) => relayOf(one) !== code.relay)
    // a relay is dialled by its own rules: it may be anywhere
    net.setRelays([...others, ...found])
    net.setAddresses(code.relay, found)
    try {
      const question = {
        kind: 'claim',
        account: member.account,
        secret: code.secret,
      } as const
      const answer = await this.#say(code.relay, { member, question, signal })
      if (answer?.kind !== 'served') throw refusal(answer)
    } catch (error) {
      net.setRelays(this.#addresses)
      throw error
    }
    // it refused a stranger a moment ago, and is tried anew
    net.setRelays(others)
    await this.#keep([...others, ...found])
    const isOnTheWay = ({ address, state }: RelayState): boolean =>
      relayOf(address) === code.relay && state !== 'ready'
    await settled(net, (states) => !states.some(isOnTheWay), { signal })
    return this.list()
  }

  async usage(
    which?: string,
    { signal = new AbortController().signal }: CallOptions = {},
  ): Promise<readonly RelayUsage[]> {
    const { account } = this.#requireMember()
    const isMeant = (one: string): boolean => which === undefined || isCalled(one, which)
    const relays = [...new Set(this.#addresses.filter(isMeant).map(relayOf))]
    if (relays.length === 0 && which !== undefined) throw noSuchRelay()
    const net = this.#requireNet()
    const told = relays.map((relay) => readUsage(net, { relay, account, signal }))
    if (which !== undefined) return Promise.all(told).then((days) => days.flat(), orKeepsNone)
    // of several some may be away, or keep nothing: what the others say is told
    const all = await Promise.allSettled(told)
    const forged = all.find((one) => one.status === 'rejected' && !isNetError(one.reason))
    if (forged?.status === 'rejected') throw forged.reason
    return all.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  }

  /** Handed to the network as it is. */
  readonly introduce: OwnRelays['introduce'] = async (relay, { signal }) => {
    try {
      await this.#show(relay, signal)
    } catch (error) {
      // a relay of another kind, or one that is going: the reservation tells what matters
      this.#parts.logger.debug('a relay was not told whose this device is', { code: codeOf(error) })
    }
  }

  follow(
    account: AccountId,
    logs: Pick<DeviceLogs, 'get' | 'events'>,
    { signal }: { readonly signal: AbortSignal },
  ): void {
    this.#member = { account, logs }
    const tell = (): void => {
      this.#tellAll(signal).catch((error: unknown) => {
        if (signal.aborted) return
        this.#parts.logger.debug('relays were not told', { code: codeOf(error) })
      })
    }
    const onChange = ({ detail }: CustomEvent<{ readonly account: AccountId }>): void => {
      if (detail.account === account) tell()
    }
    logs.events.addEventListener('log:changed', onChange, { signal })
    signal.addEventListener('abort', () => {
      this.#member = undefined
    })
    tell()
  }

  /** Those that refused a stranger are tried anew, as what this device is now. */
  async #tellAll(signal: AbortSignal): Promise<void> {
    const net = this.#requireNet()
    const states = net.relays()
    const refused = new Set(
      states.filter(({ state }) => state === 'failed').map(({ address }) => address),
    )
    if (refused.size > 0) {
      net.setRelays(this.#addresses.filter((address) => !refused.has(address)))
      net.setRelays(this.#addresses)
    }
    const ready = states.filter(({ state }) => state === 'ready')
    const relays = new Set(ready.map(({ address }) => relayOf(address)))
    await Promise.all([...relays].map((relay) => this.introduce(relay, { signal })))
  }

  async #show(relay: string, signal: AbortSignal): Promise<void> {
    const member = this.#member
    if (member === undefined) return
    const question = { kind: 'show', tag: relayTag(this.#talkers(relay, member)) } as const
    await this.#say(relay, { member, question, signal })
  }

  /** Undefined while the log of the account is not there. */
  async #say(relay: string, { member, question, signal }: Said): Promise<RelayAnswer | undefined> {
    const log = member.logs.get(member.account)
    if (log === undefined) return undefined
    const proof = relayProof(this.#talkers(relay, member))
    return talkToRelay(this.#requireNet(), relay, { question, entries: log.entries, proof, signal })
  }

  #talkers(relay: string, { account }: Member): RelayTalkers {
    const device = parseDeviceId(this.#requireNet().peer)
    return { relay: parseDeviceId(relay), device, account }
  }

  async #keep(next: readonly string[]): Promise<readonly RelayState[]> {
    if (next.length > MAX_RELAYS) {
      throw new KithError('ERR_RELAYS', `a device keeps at most ${MAX_RELAYS} relays`)
    }
    const { tables, store } = this.#parts
    this.#requireNet().setRelays(next)
    const stored = await tables.settings.get('device')
    if (stored) await store.commit([tables.settings.put('device', { ...stored, relays: next })])
    this.#addresses = next
    return this.list()
  }

  #requireMember(): Member {
    if (this.#member !== undefined) return this.#member
    throw new KithError('ERR_NO_ACCOUNT', 'this device belongs to no account yet')
  }

  #requireNet(): Net {
    if (this.#net === undefined) throw new KithError('ERR_STOPPED', 'there is no network yet')
    return this.#net
  }
}

/** One question to a relay, as a device of an account. */
interface Said {
  readonly member: Member
  readonly question: RelayQuestion
  readonly signal: AbortSignal
}

/** The peer id at the end of an address. */
function relayOf(address: string): string {
  return /\/p2p\/(\w+)$/.exec(address)?.[1] ?? ''
}

/** By its whole address, or by the peer id of the relay. */
function isCalled(address: string, which: string): boolean {
  return address === which || relayOf(address) === which
}

function noSuchRelay(): KithError {
  return new KithError('ERR_NOT_FOUND', 'there is no such relay', {
    hint: 'List them with: kith relay list',
  })
}

function orKeepsNone(error: unknown): never {
  if (!isNetError(error, 'ERR_PROTOCOL_UNSUPPORTED')) throw error
  throw new KithError('ERR_NOT_FOUND', 'this relay keeps no sums', {
    cause: error,
    hint: 'Its operator has it keep them with: kith-relay run --usage',
  })
}

const REASONS: Readonly<Record<string, string>> = {
  code: 'the code is used, or too old',
  owned: 'the relay has an owner already',
  'not-in': 'this device is not in its account, or only for some hours',
  busy: 'too many have asked the relay from here',
}

function refusal(answer: RelayAnswer | undefined): KithError {
  const reason = answer?.kind === 'refused' ? REASONS[answer.reason] : undefined
  return new KithError('ERR_RELAY_CLAIM', reason ?? 'the relay refused', {
    hint: 'Show a new code there with: kith-relay claim-code',
  })
}
