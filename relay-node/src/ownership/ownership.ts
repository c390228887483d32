import type { Clock, Rng } from '@kithmesh/net'
import type { AccountId } from '@kithmesh/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { type RelayHome, readAllowed, writeOwner } from '../home/home.ts'
import type { ClaimCode } from './claim-code.ts'
import { type ClaimDesk, createClaimDesk } from './claim-desk.ts'
import { createServedAccounts, type ServedAccounts } from './served-accounts.ts'

/** Who owns a relay, and whom it serves. */
export interface Ownership {
  readonly accounts: ServedAccounts
  readonly desk: ClaimDesk
  /** Whether everybody may use it, its owner's devices only, or nobody yet. */
  access(): 'open' | 'owned' | 'unclaimed'
  /** The code to claim it with; undefined where there is nothing to claim. */
  claimCode(at: ClaimPlace): Promise<ClaimCode | undefined>
  keepOwner(account: string): Promise<void>
  /** Reads the allow lists again. @throws ERR_ALLOW_LIST */
  reload(): Promise<void>
}

/** Where a device finds the relay whose code it is. */
export interface ClaimPlace {
  /** Peer id of the relay. */
  readonly relay: string
  /** Its addresses, the public ones first. */
  readonly addresses: readonly string[]
}

/** What decides it. */
export interface OwnershipParts {
  readonly home: string
  readonly opened: RelayHome
  readonly open: boolean
  /** A list besides the one in the home. */
  readonly allowFile: string | undefined
  readonly clock: Clock
  readonly rng: Rng
  onOut(peers: ReadonlySet<string>): void
}

/** Reads who owns the relay of a home. @throws ERR_ALLOW_LIST, ERR_OWNER */
export async function openOwnership(parts: OwnershipParts): Promise<Ownership> {
  const { home, opened, open, allowFile, clock, rng } = parts
  const accounts = createServedAccounts({
    open,
    owner: opened.owner === undefined ? undefined : await accountOf(opened.owner),
    allowed: await readAllowed(home, allowFile),
    clock,
    onOut: parts.onOut,
  })
  // whoever is let in anyway needs no owner; its operator may still ask for a code
  const isShut = open || opened.owner !== undefined
  const desk = createClaimDesk({ isShut }, { clock, rng })
  return {
    accounts,
    desk,
    access: () => (open ? 'open' : accounts.owner === undefined ? 'unclaimed' : 'owned'),
    claimCode: (at) => claimCode(desk, at),
    keepOwner: (account) => writeOwner(home, account),
    reload: async () => accounts.setAllowed(await readAllowed(home, allowFile)),
  }
}

async function accountOf(text: string): Promise<AccountId> {
  const { parseAccountId } = await import('@kithmesh/protocol')
  return parseAccountId(text)
}

async function claimCode(desk: ClaimDesk, at: ClaimPlace): Promise<ClaimCode | undefined> {
  const current = desk.current()
  if (current === undefined) return undefined
  const { createRelayCode, parseDeviceId } = await import('@kithmesh/protocol')
  const { secret, expiresInMs } = current
  const addresses = addressesOfCode(at.addresses)
  return {
    code: createRelayCode({ relay: parseDeviceId(at.relay), secret, addresses }),
    expiresInMs,
  }
}

/** One for programs and one for browsers: with two the QR code still fits a terminal (RLY-71). */
function addressesOfCode(addresses: readonly string[]): readonly Uint8Array[] {
  const plain = addresses.find((one) => one.includes('/tcp/') && !one.includes('/ws'))
  const webrtc = addresses.find((one) => one.includes('/webrtc-direct/'))
  const chosen = [plain, webrtc].filter((one) => one !== undefined)
  const some = chosen.length > 0 ? chosen : addresses.slice(0, 1)
  // the peer id stands in the code itself
  return some.map((text) => multiaddr(text.replace(/\/p2p\/\w+$/, '')).bytes)
}
