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

/**
 * The same to write to and to forget in, for a device that a person opens: the keyring must not answer
 * for the person (CLI-43), and a device that was opened by hand can still be put into it.
 */
export function writeOnly(keyring: Keyring): Keyring {
  return {
    get: async () => undefined,
    set: (name, secret) => keyring.set(name, secret),
    delete: (name) => keyring.delete(name),
  }
}

async function entry(name: string): Promise<import('@napi-rs/keyring').AsyncEntry> {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(SERVICE, name)
}
