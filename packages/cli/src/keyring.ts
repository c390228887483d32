/** The keyring of the operating system, where there is one (LOCK-10). Loaded when it is first asked. */

import type { Keyring } from '@kithmesh/node'

/** What entries of this program stand under. */
const SERVICE = 'kithmesh'

/** Every call fails where the package or the keyring is missing; the device then asks its passphrase. */
export const systemKeyring: Keyring = {
  get: async (name) => (await entry(name)).getPassword().then((found) => found ?? undefined),
  set: async (name, secret) => (await entry(name)).setPassword(secret),
  delete: async (name) => {
    await (await entry(name)).deletePassword()
  },
}

async function entry(name: string): Promise<import('@napi-rs/keyring').AsyncEntry> {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(SERVICE, name)
}
