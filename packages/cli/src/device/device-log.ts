import type { CallInput } from '../local/calls.ts'
import { requireAccount, type Serving } from './served.ts'

/** Hands the account's device log over, as a file. */
export async function exportLog(
  _: CallInput<'log export'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const file = await node.deviceLog.export({ signal })
  await emit({ event: 'device-log-file', file: Buffer.from(file).toString('base64') })
}
