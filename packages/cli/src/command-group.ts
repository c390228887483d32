import type { Command } from 'commander'
import { CommandError } from './errors.ts'
import { closest } from './similar.ts'

/** A command that has commands of its own. */
export interface Group {
  readonly name: string
  readonly description: string
  readonly list: () => Promise<void>
}

/** Adds a command that lists when it stands alone, and has commands of its own. */
export function addGroup(program: Command, { name, description, list }: Group): Command {
  const group = program
    .command(name)
    .description(description)
    .usage('[options] [command]')
    .argument('[rest...]')
    .action(async (rest: readonly string[]) => {
      const [unknown] = rest
      if (unknown !== undefined) throw unknownCommand(group, unknown)
      await list()
    })
  group.command('list').description('list them').action(list)
  return group
}

function unknownCommand(group: Command, given: string): CommandError {
  const near = closest(
    given,
    group.commands.map((command) => command.name()),
  )
  return CommandError.of(
    'ERR_USAGE',
    `There is no command "${group.name()} ${given}".`,
    near === undefined
      ? `Run: kith ${group.name()} --help`
      : `Did you mean: kith ${group.name()} ${near}?`,
  )
}
