import { type Command, Option } from 'commander'
import type { CommandContext } from './commands/context.ts'
import type { LockChoice } from './commands/lock.ts'
import { CommandError } from './errors.ts'
import { wholeNumber } from './options.ts'

interface LockFlags {
  readonly set?: boolean
  readonly change?: boolean
  readonly remove?: boolean
  readonly auto?: number
  readonly keyring?: boolean
  readonly passphraseFile?: string
  readonly newPassphraseFile?: string
}

/** A week, in minutes. */
const AUTO_MAX_MINUTES = 7 * 24 * 60

/** `kith lock` and `kith unlock`. A passphrase is typed or read from a file, never a flag's value. */
export function addLock(program: Command, context: () => CommandContext): void {
  program
    .command('lock')
    .description('lock this device now; or set what locks it')
    .option('--set', 'set a passphrase')
    .option('--change', 'change the passphrase')
    .option('--remove', 'take the passphrase away: the device opens by itself then')
    .addOption(
      new Option(
        '--auto <minutes>',
        'lock after so many minutes without use; 0 for never',
      ).argParser(wholeNumber(0, AUTO_MAX_MINUTES)),
    )
    .option('--keyring', 'let the keyring of this computer unlock it when it starts')
    .option('--no-keyring', 'forget it in the keyring')
    .addOption(passphraseFile())
    .option('--new-passphrase-file <file>', 'with --change: read the new passphrase there')
    .action(async (flags: LockFlags) => {
      const { lockDevice } = await import('./commands/lock.ts')
      const { passphraseFile: file, newPassphraseFile: newFile } = flags
      await lockDevice(context(), { ...choiceOf(flags), file, newFile })
    })
  program
    .command('unlock')
    .description('unlock the running device')
    .addOption(passphraseFile())
    .action(async ({ passphraseFile: file }: LockFlags) => {
      await (await import('./commands/lock.ts')).unlockDevice(context(), { file })
    })
}

/** How a passphrase comes to a command without a terminal. */
export function passphraseFile(): Option {
  return new Option('--passphrase-file <file>', 'read the passphrase there; - reads stdin')
}

/** One thing at a time. @throws ERR_USAGE */
function choiceOf({ set, change, remove, auto, keyring }: LockFlags): Pick<LockChoice, 'what'> {
  const chosen: readonly LockChoice['what'][] = [
    ...(set ? [{ kind: 'set' } as const] : []),
    ...(change ? [{ kind: 'change' } as const] : []),
    ...(remove ? [{ kind: 'remove' } as const] : []),
    ...(auto === undefined ? [] : [{ kind: 'auto', minutes: auto } as const]),
    ...(keyring === undefined ? [] : [{ kind: 'keyring', on: keyring } as const]),
  ]
  if (chosen.length > 1) {
    const hint = 'Give one of --set, --change, --remove, --auto, --keyring.'
    throw CommandError.of('ERR_USAGE', 'That is more than one thing to do.', hint)
  }
  return { what: chosen[0] ?? { kind: 'now' } }
}
