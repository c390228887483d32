/** IndexedDB by promises, as far as the platform needs it. */

import { KithError } from '@kithmesh/protocol'

/** An open database; `upgrade` makes its object stores. @throws ERR_STORE_OPEN */
export function openDatabase(
  name: string,
  version: number | undefined,
  upgrade: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  return new Promise((settle, refuse) => {
    request.onupgradeneeded = () => upgrade(request.result)
    request.onsuccess = () => settle(request.result)
    request.onerror = () => {
      refuse(
        new KithError('ERR_STORE_OPEN', 'the browser gives no storage', {
          cause: request.error,
          hint: 'Allow this page to keep data, and leave private browsing.',
        }),
      )
    }
  })
}

/** Resolves when everything the transaction did is kept. */
export function completed(transaction: IDBTransaction | null): Promise<void> {
  return new Promise((settle, refuse) => {
    if (transaction === null) throw new TypeError('a request without a transaction')
    transaction.oncomplete = () => settle()
    transaction.onabort = () =>
      refuse(transaction.error ?? new Error('the transaction was aborted'))
  })
}
