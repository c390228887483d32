/** Whether a page holds a device, and how it forgets it, without opening it. */

import { KithError } from '@kithmesh/protocol'

const databasesOf = (home: string): readonly string[] => [
  // the keys first: without them the rest is noise
  `kith-keys-${home}`,
  `kith-data-${home}`,
  `kith-lock-${home}`,
]

/** Whether this browser keeps a device by that name. Asks, and makes nothing. */
export async function hasPageHome(home: string): Promise<boolean> {
  const [keys] = databasesOf(home)
  // Where nobody gives a page storage there is no device either; opening one says what is wrong.
  const databases = await indexedDB.databases().catch(() => [])
  return databases.some(({ name }) => name === keys)
}

/** Deletes everything of a home. @throws ERR_HOME_IN_USE, ERR_STORE_WRITE */
export async function erasePageHome(home: string): Promise<void> {
  for (const name of databasesOf(home)) await deleteDatabase(name)
  try {
    localStorage.removeItem(`kith-anchor-${home}`)
  } catch {
    // A page that is denied localStorage has written nothing there.
  }
}

function deleteDatabase(name: string): Promise<void> {
  const request = indexedDB.deleteDatabase(name)
  return new Promise((settle, refuse) => {
    request.onsuccess = () => settle()
    request.onblocked = () =>
      refuse(
        new KithError('ERR_HOME_IN_USE', 'this home is still open', {
          hint: 'Close the other tab of this device first.',
        }),
      )
    request.onerror = () =>
      refuse(
        new KithError('ERR_STORE_WRITE', 'the browser did not delete this device', {
          cause: request.error,
          hint: 'Clear the data of this site in the settings of the browser.',
        }),
      )
  })
}
