import { type Clock, isLoopbackHost, STUN_PORT } from '@kithmesh/net'
import { type Admin, type AdminView, startAdmin } from './admin/admin.ts'
import type { RelayNotice } from './admin/status.ts'
import type { Counters } from './counters.ts'
import { RelayError, reasonOf } from './errors.ts'
import type { RelayOptions } from './relay-options.ts'
import { type StunResponder, startStun } from './stun.ts'

/** A service beside the relay itself, and what its operator should know of it. */
export interface SideService<T> {
  /** Undefined when it is off, or could not be had and nobody asked for it. */
  readonly service?: T
  readonly notice?: RelayNotice
}

/** Loopback only: whoever wants it elsewhere says so. */
const DEFAULT_ADMIN = { host: '127.0.0.1', port: 4003 } as const

/** Serves the admin pages. @throws ERR_LISTEN */
export async function openAdmin(
  { admin = DEFAULT_ADMIN }: RelayOptions,
  view: AdminView,
): Promise<SideService<Admin>> {
  if (admin === 'off') return {}
  const service = await startAdmin(admin, view)
  if (isLoopbackHost(admin.host)) return { service }
  return {
    service,
    notice: {
      code: 'ADMIN_EXPOSED',
      message: `The admin pages are open to whoever reaches ${service.url}`,
      hint: 'They show sums alone. Without --admin they are served to this machine only.',
    },
  }
}

/** Answers STUN; on a port that nobody chose it can do without. @throws ERR_LISTEN */
export async function openStun(
  { stun }: RelayOptions,
  { clock, counters }: { readonly clock: Clock; readonly counters: Counters },
): Promise<SideService<StunResponder>> {
  if (stun === 'off') return {}
  const onAnswer = (): void => {
    counters.stunAnswered += 1
  }
  try {
    return { service: await startStun({ port: stun?.port ?? STUN_PORT, clock, onAnswer }) }
  } catch (error) {
    if (stun !== undefined) throw stunRefused(stun.port, error)
    return {
      notice: {
        code: 'NO_STUN',
        message: `No STUN from this relay: ${reasonOf(error)}`,
        hint: 'Give it another port with --stun PORT, or switch it off with --stun off.',
      },
    }
  }
}

function stunRefused(port: number, error: unknown): RelayError {
  return new RelayError(
    'ERR_LISTEN',
    `Cannot answer STUN on UDP port ${port}: ${reasonOf(error)}`,
    {
      cause: error,
      hint: 'Choose another port with --stun PORT, or switch it off with --stun off.',
    },
  )
}
