import type { Command } from 'commander'
import type { CommandContext } from './commands/context.ts'

/** Adds to `kith devices` what says who is in the account. */
export function addStanding(devices: Command, context: () => CommandContext): void {
  const device = ['<device>', 'name, id, or its beginning'] as const
  const commands = (): Promise<typeof import('./commands/standing.ts')> =>
    import('./commands/standing.ts')
  devices
    .command('unlink')
    .description('put a device and all it linked out for good')
    .argument(...device)
    .option('--yes', 'do not ask')
    .action(async (given: string, { yes }: { readonly yes?: boolean }) => {
      await (await commands()).unlinkDevice(context(), { device: given, yes: yes === true })
    })
  devices
    .command('suspend')
    .description('put a device out until it is readmitted, such as one that is lost')
    .argument(...device)
    .action(async (given: string) => {
      await (await commands()).suspendDevice(context(), { device: given })
    })
  devices
    .command('readmit')
    .description('take a suspended device back')
    .argument(...device)
    .action(async (given: string) => {
      await (await commands()).readmitDevice(context(), { device: given })
    })
  devices
    .command('leave')
    .description('take this device out of the account')
    .option('--yes', 'do not ask')
    .action(async ({ yes }: { readonly yes?: boolean }) => {
      await (await commands()).leaveAccount(context(), { yes: yes === true })
    })
  devices
    .command('alerts')
    .description('devices that were seen to be copies of one another')
    .action(async () => (await commands()).showAlerts(context()))
}
