/** Opening the home for `kith up`: by itself, by the keyring, by a passphrase, or not yet (CLI-41). */

import type { KithNode, NodeOptions } from '@kithmesh/node'
import { failureOf } from '../errors.ts'
import { writeOnly } from '../keyring.ts'
import type { CommandContext } from './context.ts'
import { canAsk, readPassphrase } from './passphrase.ts'

/** Makes the device, with what may open its home. */
export type OpenDevice = (unlock: Pick<NodeOptions, 'passphrase' | 'keyring'>) => Promise<KithNode>

type Place = Pick<CommandContext, 'io' | 'report' | 'signal'>

/**
 * The device; undefined when its home stays locked for now.
 *
 * @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF when the file holds another passphrase, and what else
 * starting a device throws
 */
export async function openHome(
  open: OpenDevice,
  { file, place }: { readonly file: string | undefined; readonly place: Place },
): Promise<KithNode | undefined> {
  const { keyring } = place.io
  if (file !== undefined) {
    return open({ keyring, passphrase: () => readPassphrase({ file, question: '' }, place) })
  }
  try {
    return await open({ keyring })
  } catch (error) {
    if (failureOf(error).code !== 'ERR_LOCKED') throw error
    return canAsk(place) ? askUntilOpen(open, place) : undefined
  }
}

/** Until it is right, or a wait is due: that is spent as a locked device. */
async function askUntilOpen(open: OpenDevice, place: Place): Promise<KithNode | undefined> {
  for (;;) {
    const passphrase = await place.io.askSecret('Passphrase: ', { signal: place.signal })
    if (passphrase === undefined) return undefined
    try {
      return await open({ passphrase, keyring: writeOnly(place.io.keyring) })
    } catch (error) {
      const failure = failureOf(error)
      if (!TRY_AGAIN.has(failure.code)) throw error
      const { message, hint = '' } = failure
      place.report.show(`${message.charAt(0).toUpperCase()}${message.slice(1)}. ${hint}`)
      if (failure.code === 'ERR_LOCK_BACKOFF') return undefined
    }
  }
}

const TRY_AGAIN: ReadonlySet<string> = new Set([
  'ERR_PASSPHRASE',
  'ERR_PASSPHRASE_SIZE',
  'ERR_LOCK_BACKOFF',
])
