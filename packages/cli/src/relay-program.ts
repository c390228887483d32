import type { Command } from 'commander'
import { addGroup } from './command-group.ts'
import type { CommandContext } from './commands/context.ts'

/** Adds `kith relay …`. */
export function addRelayCommands(
  program: Command,
  {
    context,
    exit,
  }: { readonly context: () => CommandContext; readonly exit: (code: number) => void },
): void {
  const commands = (): Promise<typeof import('./commands/relay.ts')> =>
    import('./commands/relay.ts')
  const relay = addGroup(program, {
    name: 'relay',
    description: 'relays this device is reachable through',
    list: async () => (await commands()).showRelays(context(), { call: 'relays', input: {} }),
  })
  relay
    .command('claim')
    .description('own the relay that shows this code: it serves your devices then')
    .argument('<code>', 'what "kith-relay" shows')
    .action(async (code: string) => (await commands()).claimRelay(context(), code))
  relay
    .command('add')
    .description('be reachable through a relay')
    .argument('<address>', 'its multiaddr, with /p2p/…')
    .action(async (address: string) => {
      const input = { address }
      await (await commands()).showRelays(context(), { call: 'relay add', input })
    })
  relay
    .command('remove')
    .description('no longer be reachable through a relay')
    .argument('<address>', 'one of its addresses, or its peer id')
    .action(async (address: string) => {
      const input = { address }
      await (await commands()).showRelays(context(), { call: 'relay remove', input })
    })
  relay
    .command('usage')
    .description('what relays say they forwarded for this account, by day, signed by them')
    .argument('[address]', 'one of its addresses, or its peer id; without it all that keep sums')
    .action(async (address: string | undefined) => {
      await (await commands()).showUsage(context(), address)
    })
  relay
    .command('test')
    .description('try each hop of a relay from here, and what to do about the first that fails')
    .argument('<address>', 'its multiaddr, with /p2p/…')
    .action(async (address: string) => exit(await (await commands()).testRelay(context(), address)))
}
