import type { Clock } from '@kithmesh/net'
import type { AccountId, DeviceLogState, SignedEntry } from '@kithmesh/protocol'
import type { Access } from './access.ts'

/** Whom a relay serves: the devices of its owner, whoever is allowed, and those who dial them (RLY-70). */
export interface ServedAccounts extends Access {
  readonly owner: AccountId | undefined
  /** Accounts whose devices may show their log. */
  served(): readonly AccountId[]
  /**
   * Takes entries of a device log, merged with what is known. False when they do not say that `peer` is
   * in; then nothing changes. @throws KithError for entries that are forged
   */
  show(account: AccountId, entries: readonly SignedEntry[], peer: string): Promise<boolean>
  /** From now on this account owns the relay; its log has been shown before, or comes with `show`. */
  setOwner(account: AccountId): void
  setAllowed(allowed: Allowed): void
}

/** Who besides the owner may be reachable through the relay. */
export interface Allowed {
  readonly devices: ReadonlySet<string>
  readonly accounts: ReadonlySet<AccountId>
}

/** What decides whom a relay serves. */
export interface ServedParts {
  /** Everybody may; an owner's devices still have places of their own. */
  readonly open: boolean
  readonly owner: AccountId | undefined
  readonly allowed: Allowed
  readonly clock: Clock
  /** These devices were served and are not any more: unlinked, suspended, no longer allowed. */
  onOut(peers: ReadonlySet<string>): void
}

/** Part of all places that strangers cannot take (RLY-41). */
const OWNER_SHARE = 0.25

/** Serves nobody but whom `parts` name, until device logs are shown. */
export function createServedAccounts(parts: ServedParts): ServedAccounts {
  const logs = new Map<AccountId, DeviceLogState>()
  let { owner, allowed } = parts
  let members = new Map<string, Member>()

  const serves = (account: AccountId): boolean => account === owner || allowed.accounts.has(account)
  const memberOf = (peer: string): Member | undefined => {
    const member = members.get(peer)
    const isOver = member?.expiresAt !== undefined && member.expiresAt <= parts.clock.now()
    return isOver ? undefined : member
  }
  const mayReserve = (peer: string): boolean =>
    parts.open || memberOf(peer) !== undefined || allowed.devices.has(peer)

  /** Who was served before and is not now hears of it at once. */
  const changed = (change: () => void): void => {
    const before = new Set([...members.keys(), ...allowed.devices])
    change()
    for (const account of logs.keys()) if (!serves(account)) logs.delete(account)
    members = membersOf(logs)
    const out = [...before].filter((peer) => !members.has(peer) && !allowed.devices.has(peer))
    if (out.length > 0) parts.onOut(new Set(out))
  }

  return {
    get owner() {
      return owner
    },
    get ownerShare() {
      return owner === undefined ? 0 : OWNER_SHARE
    },
    served: () => [...new Set([...(owner === undefined ? [] : [owner]), ...allowed.accounts])],
    async show(account, entries, peer) {
      // by the rules by which every device verifies a log; loaded only when there is one
      const { mergeDeviceLogs, reduceDeviceLog } = await import('@kithmesh/protocol')
      const known = logs.get(account)
      const state =
        known === undefined ? reduceDeviceLog(account, entries) : mergeDeviceLogs(known, entries)
      const own = membersOf(new Map([[account, state]])).get(peer)
      // what a removed device brings may still be news of another: it is merged all the same
      if (own === undefined && known === undefined) return false
      changed(() => void logs.set(account, state))
      return memberOf(peer)?.account === account
    },
    setOwner(account) {
      changed(() => {
        owner = account
      })
    },
    setAllowed(next) {
      changed(() => {
        allowed = next
      })
    },
    mayReserve,
    mayConnect: (_, target) => mayReserve(target),
    accountOf: (peer) => memberOf(peer)?.account,
    isProtected: (peer) => owner !== undefined && memberOf(peer)?.account === owner,
  }
}

interface Member {
  readonly account: AccountId
  /** ms since 1970 UTC; of a device that was linked for a time only. */
  readonly expiresAt: number | undefined
}

function membersOf(logs: ReadonlyMap<AccountId, DeviceLogState>): Map<string, Member> {
  const members = new Map<string, Member>()
  for (const [account, { devices }] of logs) {
    for (const { device, state, expiresAt } of devices.values()) {
      if (state === 'in') members.set(device, { account, expiresAt })
    }
  }
  return members
}
