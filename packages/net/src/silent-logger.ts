import type { ComponentLogger, Logger } from '@libp2p/interface'

/**
 * libp2p logs full peer ids and addresses; nothing of it may reach a log file (rule NET-4), so its
 * logger says nothing and what matters is told by our own events.
 */
export const silentComponentLogger: ComponentLogger = { forComponent: () => silentLog }

const silentLog: Logger = Object.assign(() => {}, {
  error: () => {},
  trace: () => {},
  enabled: false,
  newScope: (): Logger => silentLog,
})
