/** The command tree of `kith`: names, arguments, options. What the commands do is beside it. */

import { readFile } from 'node:fs/promises'
import { Command, CommanderError, Option } from 'commander'
import { addGroup } from './command-group.ts'
import type { CommandContext } from './commands/context.ts'
import { CommandError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { resolveHome } from './home.ts'
import type { Io } from './io.ts'
import { addApprove, addHistory, addLink } from './link-program.ts'
import { addLock, passphraseFile } from './lock-program.ts'
import { addLogCommands } from './log-program.ts'
import { parseName, several, wholeNumber } from './options.ts'
import { addPreferences } from './preferences-program.ts'
import { addRecovery } from './recovery-program.ts'
import { addRelayCommands } from './relay-program.ts'
import type { Report } from './report.ts'
import { addCode, addVerification } from './security-code-program.ts'
import { addStanding } from './standing-program.ts'

/** Where a command runs. */
export interface Place {
  readonly io: Io
  readonly report: Report
  readonly signal: AbortSignal
}

/**
 * Runs one command and resolves with its exit code.
 *
 * @throws ERR_USAGE for arguments nobody knows, and every error of the command
 */
export async function runProgram(argv: readonly string[], place: Place): Promise<number> {
  const said: Said = { out: '', exit: EXIT.ok }
  const program = await buildProgram(place, said)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return said.exit
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return afterCommander(error, { said, place })
  }
}

/** What commander wanted to print, and the exit code of a command that has its own. */
interface Said {
  out: string
  exit: number
}

const EXAMPLES = `Examples:
  kith up                            start this device; first: make an account
  kith up --new-device               start one that joins your account by a code
  kith link CODE                     on a device you have: link the new one
  kith contacts invite               a code for one person
  kith send Ben "hi" --wait reached  wait until a device of Ben has the message
  kith messages Ben --follow         read, and go on reading
`

async function buildProgram(place: Place, said: Said): Promise<Command> {
  const program = new Command('kith')
    .description('A device of your Kithmesh account, on a desktop or server.')
    .addHelpText('before', EXAMPLES)
    .option('--home <dir>', 'folder of the device (or KITH_HOME; else the XDG data folder)')
    .option('--json', 'one JSON object per line on stdout, errors included')
    .version(await ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => {
        said.out += text
      },
      writeErr: (text) => {
        said.out += text
      },
      outputError: () => undefined,
    })
    .exitOverride()
  const context = (): CommandContext => {
    const { home } = program.opts<{ readonly home?: string }>()
    return { ...place, home: resolveHome(home, place.io.env) }
  }
  const exit = (code: number): void => {
    said.exit = code
  }
  addUp(program, { place, said, context })
  addAccountCommands(program, context)
  addContactCommands(program, context)
  addCode(program, context)
  addMessageCommands(program, context)
  addPreferences(program, context)
  addRelayCommands(program, { context, exit })
  addRecovery(program, context)
  addLock(program, context)
  addOwnCommands(program, context)
  addLogCommands(program, { ...place, context, exit })
  return program
}

type GiveContext = () => CommandContext

interface UpOptions {
  readonly newDevice?: boolean
  readonly code?: string
  readonly name?: string
  readonly relay?: readonly string[]
  readonly listen?: readonly string[]
  readonly lan: boolean
  readonly verbose?: boolean
  readonly passphraseFile?: string
}

function addUp(
  program: Command,
  {
    place,
    said,
    context,
  }: { readonly place: Place; readonly said: Said; readonly context: GiveContext },
): void {
  program
    .command('up')
    .description('start the device and run it until it is stopped')
    .option('--new-device', 'start a device still to be linked: shows a code and a QR')
    .option('--code <code>', 'with --new-device: the code a linked device shows; - asks for it')
    .option('--name <name>', 'name of this device', parseName)
    .option('--relay <multiaddr>', 'hold a place on this relay; can be repeated', several)
    .option('--listen <multiaddr>', 'listen here only; can be repeated', several)
    .option('--no-lan', 'neither find nor be found on the local network')
    .option('--no-ui', 'serve no local page (there is none yet)')
    .option(
      '--ui-port <port>',
      'port of the local page (there is none yet)',
      wholeNumber(0, 65_535),
    )
    .option('--verbose', 'say on stderr what happens inside')
    .addOption(passphraseFile())
    .action(async (options: UpOptions) => {
      const { runDevice } = await import('./commands/up.ts')
      const { name, relay = [], listen = [], lan, newDevice, code, verbose } = options
      if (code !== undefined && newDevice !== true) {
        throw CommandError.of('ERR_USAGE', '--code goes with --new-device.')
      }
      const { home } = context()
      const flags = { lan, newDevice: newDevice === true, verbose: verbose === true }
      const { passphraseFile } = options
      const choice = { home, name, code, relays: relay, listen, passphraseFile, ...flags }
      said.exit = await runDevice(choice, place)
    })
}

function addAccountCommands(program: Command, context: GiveContext): void {
  addLink(program, context)
  program
    .command('status')
    .description('this account, its devices, the path to each, what is pending')
    .action(async () => (await import('./commands/status.ts')).showStatus(context()))
  const devices = addGroup(program, {
    name: 'devices',
    description: 'the linked devices of this account',
    list: async () => (await import('./commands/devices.ts')).showDevices(context()),
  })
  addApprove(devices, context)
  addHistory(program, devices, context)
  addStanding(devices, context)
  devices
    .command('rename')
    .description('give a device another name')
    .argument('<device>', 'name, id, or its beginning')
    .argument('<name>', 'the new name', parseName)
    .action(async (device: string, name: string) => {
      await (await import('./commands/devices.ts')).renameDevice(context(), { device, name })
    })
}

function addContactCommands(program: Command, context: GiveContext): void {
  const contacts = addGroup(program, {
    name: 'contacts',
    description: 'people',
    list: async () => (await import('./commands/contacts.ts')).showContacts(context()),
  })
  contacts
    .command('invite')
    .description('make a code that one person can add, once, within 10 days')
    .option('--replaces <contact>', 'who uses it is this contact, with a new account')
    .action(async ({ replaces }: { readonly replaces?: string }) => {
      await (await import('./commands/contacts.ts')).inviteContact(context(), { replaces })
    })
  contacts
    .command('add')
    .description('add the person who made the code')
    .argument('<code>', 'the code; - reads it from stdin')
    .option('--name <name>', 'what you call the person', parseName)
    .option('--replaces <contact>', 'it is the new account of this contact')
    .action(async (code: string, known: { readonly name?: string; readonly replaces?: string }) => {
      const { name, replaces } = known
      await (await import('./commands/contacts.ts')).addContact(context(), { code, name, replaces })
    })
  contacts
    .command('rename')
    .description('give a contact another name')
    .argument('<contact>', 'name, id, or its beginning')
    .argument('<name>', 'the new name', parseName)
    .action(async (contact: string, name: string) => {
      await (await import('./commands/contacts.ts')).renameContact(context(), { contact, name })
    })
  addVerification(contacts, context)
}

interface SendOptions {
  readonly wait: 'none' | 'reached' | 'all'
  readonly timeout: number
}

function addMessageCommands(program: Command, context: GiveContext): void {
  program
    .command('send')
    .description('send a text; by default wait for nothing but the disk')
    .argument('<contact>', 'name, id, or its beginning')
    .argument('<text>', 'the text; - reads it from stdin')
    .addOption(
      new Option(
        '--wait <what>',
        'wait until it has reached the first device of the contact, or all',
      )
        .choices(['reached', 'all', 'none'])
        .default('none'),
    )
    .option('--timeout <ms>', 'how long to wait', wholeNumber(1, TIMEOUT_MAX_MS), TIMEOUT_MS)
    .action(async (contact: string, text: string, { wait, timeout }: SendOptions) => {
      const { sendText } = await import('./commands/messages.ts')
      await sendText(context(), { contact, text, wait, timeoutMs: timeout })
    })
  program
    .command('messages')
    .description('the history with a contact, oldest first')
    .argument('<contact>', 'name, id, or its beginning')
    .option('--limit <n>', 'only the newest n', wholeNumber(1, 1_000_000))
    .option('--follow', 'go on with what comes')
    .action(
      async (contact: string, options: { readonly limit?: number; readonly follow?: boolean }) => {
        const { showMessages } = await import('./commands/messages.ts')
        const { limit, follow } = options
        await showMessages(context(), { contact, limit, follow: follow === true })
      },
    )
  program
    .command('read')
    .description('what a contact wrote counts as read, on all your devices')
    .argument('<contact>', 'name, id, or its beginning')
    .option('--up-to <message>', 'only up to this message')
    .action(async (contact: string, { upTo }: { readonly upTo?: string }) => {
      await (await import('./commands/messages.ts')).markRead(context(), { contact, upTo })
    })
  addStarCommands(program, context)
}

function addStarCommands(program: Command, context: GiveContext): void {
  for (const call of ['star', 'unstar'] as const) {
    program
      .command(call)
      .description(call === 'star' ? 'star a message' : 'take the star from a message')
      .argument('<message>', 'id, or its beginning')
      .action(async (message: string) => {
        await (await import('./commands/messages.ts')).setStar(context(), { call, message })
      })
  }
  program
    .command('starred')
    .description('every starred message')
    .action(async () => (await import('./commands/messages.ts')).showStarred(context()))
}

function addOwnCommands(program: Command, context: GiveContext): void {
  program
    .command('stop')
    .description('stop the running device')
    .action(async () => (await import('./commands/stop.ts')).stopDevice(context()))
  program
    .command('paths')
    .description('where the device keeps its things')
    .action(async () => (await import('./commands/paths.ts')).showPaths(context()))
}

/** How long `--wait` waits when nothing else is said. */
const TIMEOUT_MS = 30_000
/** Longest timer Node has. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1

/** Commander ends help, version and every wrong usage by an error; this makes them what they are. */
function afterCommander(
  error: CommanderError,
  { said, place }: { readonly said: Said; readonly place: Place },
): number {
  const { io, report } = place
  if (error.code === 'commander.version') {
    const version = said.out.trim()
    report.event({ event: 'version', version, node: process.versions.node })
    report.print(version)
    return EXIT.ok
  }
  if (error.exitCode === EXIT.ok) {
    report.event({ event: 'help', text: said.out })
    report.print(said.out.trimEnd())
    return EXIT.ok
  }
  if (error.code === 'commander.help') {
    if (report.json) throw CommandError.of('ERR_USAGE', 'No command was given.')
    io.stderr.write(said.out)
    return EXIT.usage
  }
  throw usageError(error)
}

/** Commander's sentence, and its suggestion where it has one. */
function usageError({ code, message }: CommanderError): CommandError {
  const [, sentence = message, suggestion] =
    /^(?:error: )?(.*?)(?:\n\((Did you mean .*)\))?$/s.exec(message) ?? []
  const upper = `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`
  if (suggestion !== undefined) return CommandError.of('ERR_USAGE', upper, suggestion)
  if (code !== 'commander.unknownOption') return CommandError.of('ERR_USAGE', upper)
  const hint = 'Run: kith --help. A text that begins with - goes after --.'
  return CommandError.of('ERR_USAGE', upper, hint)
}

/** The version in the package.json of this package: beside `src` and beside `dist`. */
async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const parsed: unknown = JSON.parse(text)
  const has = typeof parsed === 'object' && parsed !== null && 'version' in parsed
  return has ? String(parsed.version) : 'unknown'
}
