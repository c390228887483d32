import { type AccountData, createAccountData } from '../data/account-data.ts'

/** Account data of one device, and what it wrote that others have not been told. */
export interface Desk {
  readonly data: AccountData
  readonly written: Uint8Array[]
}

/** A device that writes under `clientId`. */
export function desk(clientId: number): Desk {
  const data = createAccountData({ clientId })
  const written: Uint8Array[] = []
  data.onUpdate((update) => written.push(update))
  return { data, written }
}

/** Each tells the others everything it wrote; throws when something is not taken at once. */
export function meet(...desks: readonly Desk[]): void {
  for (const from of desks) {
    for (const to of desks) if (from !== to) tell(from, to)
  }
}

function tell(from: Desk, to: Desk): void {
  for (const update of from.written) {
    const { kind } = to.data.applyUpdate(update)
    if (kind !== 'applied') throw new Error(`an honest update was ${kind}`)
  }
}
