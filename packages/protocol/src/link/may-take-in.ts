/** Which devices of an account link others: asked by the one that takes in and by the one that joins. */

import type { DeviceStanding } from '../identity/log-standing.ts'

/** Whether a device may take others in: it is in, has the right, and does not itself end (LNK-10, LNK-20). */
export function mayTakeIn(standing: DeviceStanding | undefined): boolean {
  return standing?.state === 'in' && standing.rights.link && standing.expiresAt === undefined
}
