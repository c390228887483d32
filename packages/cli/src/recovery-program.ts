import { Argument, type Command } from 'commander'
import { addGroup } from './command-group.ts'
import type { CommandContext } from './commands/context.ts'
import { parseName, several } from './options.ts'

interface RestoreFlags {
  readonly wordsFile?: string
  readonly from: readonly string[]
  readonly keep?: readonly string[]
  readonly yes?: boolean
  readonly name?: string
  readonly relay?: readonly string[]
  readonly lan: boolean
}

/** `kith recovery …`: the 12 words, and beginning again with them. */
export function addRecovery(program: Command, context: () => CommandContext): void {
  const recovery = addGroup(program, {
    name: 'recovery',
    description: 'the 12 words that bring the account back when every device is lost',
    list: async () => (await import('./commands/recovery.ts')).showRecovery(context()),
  })
  recovery
    .command('show')
    .description('show the words, until they are confirmed')
    .action(async () => (await import('./commands/recovery.ts')).showWords(context()))
  recovery
    .command('confirm')
    .description('type three of the words; then they are erased here')
    .option('--answers <file>', 'lines "place word" instead of a terminal; - reads stdin')
    .action(async ({ answers }: { readonly answers?: string }) => {
      await (await import('./commands/recovery.ts')).confirmWords(context(), { answers })
    })
  recovery
    .command('copies')
    .description('whether your contacts keep sealed copies of your account data for you')
    .addArgument(new Argument('[choice]', 'change it').choices(['on', 'off']))
    .action(async (choice: 'on' | 'off' | undefined) => {
      const on = choice === undefined ? undefined : choice === 'on'
      await (await import('./commands/recovery.ts')).chooseCopies(context(), on)
    })
  recovery
    .command('restore')
    .description('begin the account again here, with its words; this home must be empty')
    .option('--words-file <file>', 'read the words there instead of a terminal; - reads stdin')
    .requiredOption(
      '--from <where>',
      'a device that is left, yours or of a contact: its address, or an invite code; repeatable',
      several,
    )
    .option('--keep <device>', 'a device that stays in the account; repeatable', several)
    .option('--yes', 'do not ask')
    .option('--name <name>', 'name of this device', parseName)
    .option('--relay <multiaddr>', 'hold a place on this relay; repeatable', several)
    .option('--no-lan', 'neither find nor be found on the local network')
    .action(async ({ wordsFile, from, keep = [], yes, name, relay = [], lan }: RestoreFlags) => {
      const { restoreAccount } = await import('./commands/restore.ts')
      const choice = { wordsFile, from, keep, yes: yes === true, name, relays: relay, lan }
      await restoreAccount(context(), choice)
    })
}
