import { Command } from 'commander'
import { defaultHome } from '../home/default-home.ts'
import type { InstallFlags } from './install-command.ts'
import type { HomeFlags } from './status-command.ts'
import type { TestFlags } from './test-command.ts'

/** The commands an operator uses now and then, each loaded when it is asked for. */
export function ownerCommands(): readonly Command[] {
  return [
    claimCodeCommand(),
    allowCommand(),
    testCommand(),
    installCommand(),
    backupCommand(),
    restoreCommand(),
  ]
}

function ofHome(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--home <dir>', 'folder of the relay', defaultHome(process.env))
    .option('--json', 'one JSON object per line on stdout')
}

function claimCodeCommand(): Command {
  return ofHome('claim-code', 'show the code with which a device becomes its owner')
    .option('--replace', 'also where it has an owner: who shows the code takes over')
    .action(async (flags: HomeFlags & { readonly replace?: boolean }) => {
      const { showClaimCode } = await import('./owner-commands.ts')
      await showClaimCode(flags)
    })
}

function allowCommand(): Command {
  return ofHome('allow', 'let devices or accounts use it besides its owner; without ids, list them')
    .argument('[id...]', 'device (12D3KooW…) or account (a…)')
    .option('--remove', 'no longer let them')
    .action(async (ids: readonly string[], flags: HomeFlags & { readonly remove?: boolean }) => {
      const { allow } = await import('./owner-commands.ts')
      await allow(ids, flags)
    })
}

function testCommand(): Command {
  return new Command('test')
    .description('try each hop of a relay from here, and say what to do about the first that fails')
    .argument('<address>', 'multiaddr of the relay with /p2p/…')
    .option('--json', 'one JSON object per hop on stdout')
    .action(async (address: string, flags: TestFlags) => {
      const { testRelay } = await import('./test-command.ts')
      await testRelay(address, flags)
    })
}

function installCommand(): Command {
  return new Command('install')
    .description('keep it running: as a service that starts with the machine')
    .argument('[flags...]', 'flags for "kith-relay run", behind --')
    .option('--systemd', 'as a unit of systemd, hardened')
    .option('--print', 'only print the unit')
    .option('--json', 'one JSON object on stdout')
    .action(async (run: readonly string[], flags: InstallFlags) => {
      const { install } = await import('./install-command.ts')
      await install(run, flags)
    })
}

function backupCommand(): Command {
  return ofHome('backup', 'write its key, certificate, owner and lists into one file')
    .argument('<file>', 'a file that is not there yet')
    .action(async (file: string, flags: HomeFlags) => {
      const { backUp } = await import('./backup-command.ts')
      await backUp(file, flags)
    })
}

function restoreCommand(): Command {
  return ofHome('restore', 'make a folder from such a file')
    .argument('<file>', 'a backup')
    .action(async (file: string, flags: HomeFlags) => {
      const { restore } = await import('./backup-command.ts')
      await restore(file, flags)
    })
}
