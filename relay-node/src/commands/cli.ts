import { Command, CommanderError, InvalidArgumentError } from 'commander'
import type { AdminAddress } from '../admin/admin.ts'
import { systemClock } from '../environment.ts'
import { isRelayError, RelayError } from '../errors.ts'
import { defaultHome } from '../home/default-home.ts'
import { parseListen } from '../listen.ts'
import { packageVersion } from '../version.ts'
import { exitCodeOf } from './exit-codes.ts'
import { createOutput, type OutputForm } from './output.ts'
import { ownerCommands } from './owner-program.ts'
import type { RunFlags } from './run-command.ts'

/** Runs one command line and leaves its exit code to the process. */
export async function main(args: readonly string[]): Promise<void> {
  const output = createOutput(formOf(args), systemClock.now)
  try {
    await createProgram().parseAsync(withCommand(args), { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    const failure = error instanceof CommanderError ? usageError(error) : error
    output.failure(failure)
    process.exitCode = exitCodeOf(failure)
  }
}

function formOf(args: readonly string[]): OutputForm {
  if (args.includes('--json')) return 'json'
  return args.includes('--log') ? 'log' : 'text'
}

function createProgram(): Command {
  const program = new Command('kith-relay')
    .description('A circuit relay you run yourself. It forwards sealed bytes and stores nothing.')
    .version(packageVersion())
    .exitOverride()
    // What commander has to say of a wrong command line is told once, by main.
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', EXAMPLES)
  program.addCommand(runCommand())
  program.addCommand(statusCommand())
  for (const command of ownerCommands()) program.addCommand(command)
  for (const command of program.commands) command.copyInheritedSettings(program)
  return program
}

/**
 * Without a command it runs. Commander's own default would take a mistyped command for an
 * argument of `run` and not say what was meant.
 */
function withCommand(args: readonly string[]): string[] {
  const [first = ''] = args
  const isForProgram = ['-h', '--help', '-V', '--version'].includes(first)
  return first === '' || (first.startsWith('-') && !isForProgram) ? ['run', ...args] : [...args]
}

const EXAMPLES = `
Examples:
  kith-relay                                  run with the key in the default folder
  kith-relay run --public-host relay.example  say under which name the outside reaches it
  kith-relay run --home ./relay --listen /ip4/0.0.0.0/tcp/5001 --admin off
  kith-relay claim-code                       the code with which a device becomes its owner
  kith-relay test /dns/relay.example/tcp/4001/p2p/12D3KooW…   is it reachable from here?`

function runCommand(): Command {
  return new Command('run')
    .description('run the relay until it is told to stop (the default)')
    .option('--home <dir>', 'folder of its key and certificate', defaultHome(process.env))
    .option('--listen <multiaddr>', 'address to listen on, may be repeated', collectListen)
    .option('--public-host <host>', 'name or address under which the outside reaches this machine')
    .option('--admin <host:port>', 'where to serve /status and /metrics, or "off"', parseAdmin)
    .option('--stun <port>', 'UDP port of the STUN responder, or "off"', parseStun)
    .option('--open', 'let everybody use it who knows its address')
    .option('--allow <file>', 'devices and accounts to let in besides its owner, one a line')
    .option('--max-reservations <n>', 'devices that may hold a reservation', parseCount)
    .option('--max-per-address <n>', 'of these, how many from one network address', parseCount)
    .option('--max-circuits <n>', 'circuits open at once', parseCount)
    .option('--max-rate <bytes/s>', 'bytes forwarded per second, 0 for no limit', parseAmount)
    .option('--monthly <bytes>', 'bytes forwarded in a calendar month, 0 for no limit', parseAmount)
    .option('--usage', 'keep sums per account and day, signed, for that account to read')
    .option('--drain <seconds>', 'time for open circuits to end when it stops', parseAmount, 1)
    .option('--json', 'one JSON object per line on stdout')
    .option('--log', 'the same for a journal: with times, and without the claim code')
    .action(async (flags: RunFlags) => {
      // Loading libp2p takes most of a second: not before it is wanted.
      const { runRelay } = await import('./run-command.ts')
      await runRelay(flags)
    })
}

function statusCommand(): Command {
  return new Command('status')
    .description('show what the relay of a home does now')
    .option('--home <dir>', 'folder of the relay', defaultHome(process.env))
    .option('--json', 'one JSON object on stdout')
    .action(async (flags: { readonly home: string; readonly json?: boolean }) => {
      const { showStatus } = await import('./status-command.ts')
      await showStatus(flags)
    })
}

function collectListen(text: string, before: readonly string[] = []): readonly string[] {
  try {
    parseListen(text)
  } catch (error) {
    throw new InvalidArgumentError(isRelayError(error) ? (error.hint ?? '') : '')
  }
  return [...before, text]
}

function parseAdmin(text: string): AdminAddress | 'off' {
  if (text === 'off') return 'off'
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host !== undefined && port <= 65_535) return { host, port }
  throw new InvalidArgumentError('Use HOST:PORT, as 127.0.0.1:4003, or off.')
}

function parseStun(text: string): { readonly port: number } | 'off' {
  if (text === 'off') return 'off'
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return { port: Number(text) }
  throw new InvalidArgumentError('Use a port, as 3478, or off.')
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number of at least 1.')
}

function parseAmount(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number, 0 or more.')
}

function usageError({ message }: CommanderError): RelayError {
  return new RelayError('ERR_USAGE', message.replace(/^error: /, ''), {
    hint: 'See "kith-relay --help".',
  })
}
