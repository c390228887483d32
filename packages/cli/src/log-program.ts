import type { Command } from 'commander'
import type { CommandContext } from './commands/context.ts'
import type { Io } from './io.ts'
import type { Report } from './report.ts'

/** Where the commands run: what needs no home gets none. */
interface Wiring {
  readonly io: Io
  readonly report: Report
  readonly context: () => CommandContext
  readonly exit: (code: number) => void
}

/** Adds `kith log …`. */
export function addLogCommands(program: Command, { io, report, context, exit }: Wiring): void {
  const log = program.command('log').description('the device log: who is in the account, and why')
  log
    .command('export')
    .description('write the log of this account to a file')
    .argument('[file]', 'a file that is not there yet (default: device-log.kith)')
    .action(async (path: string | undefined) => {
      await (await import('./commands/device-log.ts')).exportDeviceLog(context(), { path })
    })
  log
    .command('verify')
    .description('check an exported log, or the proof of a copied device; no device is needed')
    .argument('<file>', 'what was exported')
    .option('--since <file>', 'an earlier export, which this one must continue')
    .action(async (path: string, { since }: { readonly since?: string }) => {
      const { verifyDeviceLog } = await import('./commands/device-log.ts')
      exit(await verifyDeviceLog({ report, now: io.now() }, { path, since }))
    })
}
