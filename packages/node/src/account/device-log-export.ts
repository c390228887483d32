import { type AccountId, exportDeviceLog, KithError } from '@kithmesh/protocol'
import type { CallOptions } from '../api/options.ts'
import type { DeviceLogs } from './device-logs.ts'

/** The account's own device log as a file, for whoever wants to check it offline (LOG-15). */
export interface DeviceLogExport {
  export(options?: CallOptions): Promise<Uint8Array>
}

/** Exports the log as it stands here. */
export function createDeviceLogExport({
  account,
  logs,
}: {
  readonly account: AccountId
  readonly logs: Pick<DeviceLogs, 'get'>
}): DeviceLogExport {
  return {
    export: async (options) => {
      options?.signal?.throwIfAborted()
      const state = logs.get(account)
      if (state === undefined) throw new KithError('ERR_NO_ACCOUNT', 'there is no device log here')
      return exportDeviceLog(state)
    },
  }
}
