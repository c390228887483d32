import type { Command } from 'commander'
import { addGroup } from './command-group.ts'
import type { CommandContext } from './commands/context.ts'
import { parseDuration, parseName } from './options.ts'

type GiveContext = () => CommandContext

const CONTACT = ['<contact>', 'name, id, or its beginning'] as const
const LABEL = ['<label>', 'name, id, or its beginning'] as const

/** Adds `kith chats`, `kith labels` and `kith settings`. */
export function addPreferences(program: Command, context: GiveContext): void {
  addChats(program, context)
  addLabels(program, context)
  addSettings(program, context)
}

/** What each command of `kith chats` does, and its words. */
const CHAT_COMMANDS = [
  ['archive', 'put a chat out of the list; it is silent then', { archived: true }],
  ['unarchive', 'take it back into the list', { archived: false }],
  ['pin', 'keep a chat on top', { pinned: true }],
  ['unpin', 'let it stand where it belongs', { pinned: false }],
  ['favourite', 'hear of it in quiet hours, too', { favourite: true }],
  ['unfavourite', 'hear of it outside of quiet hours only', { favourite: false }],
  ['unmute', 'hear of it again', { mutedUntil: 'never' }],
] as const

function addChats(program: Command, context: GiveContext): void {
  const commands = (): Promise<typeof import('./commands/chats.ts')> =>
    import('./commands/chats.ts')
  const chats = addGroup(program, {
    name: 'chats',
    description: 'chats: pinned, muted, archived',
    list: async () => (await commands()).showChats(context()),
  })
  for (const [name, description, change] of CHAT_COMMANDS) {
    chats
      .command(name)
      .description(description)
      .argument(...CONTACT)
      .action(async (contact: string) => {
        await (await commands()).changeChat(context(), { contact, ...change })
      })
  }
  chats
    .command('mute')
    .description('hear nothing of a chat, for a time or until you unmute it')
    .argument(...CONTACT)
    .option('--for <time>', 'how long: 30min, 8h, 2d or 1w', parseDuration)
    .action(async (contact: string, options: { readonly for?: number }) => {
      await (await commands()).muteChat(context(), { contact, forMs: options.for })
    })
}

function addLabels(program: Command, context: GiveContext): void {
  const commands = (): Promise<typeof import('./commands/labels.ts')> =>
    import('./commands/labels.ts')
  const labels = addGroup(program, {
    name: 'labels',
    description: 'labels on chats and messages',
    list: async () => (await commands()).showLabels(context()),
  })
  labels
    .command('add')
    .description('make a label')
    .argument('<name>', 'its name', parseName)
    .action(async (name: string) => (await commands()).addLabel(context(), { name }))
  labels
    .command('rename')
    .description('give a label another name')
    .argument(...LABEL)
    .argument('<name>', 'the new name', parseName)
    .action(async (label: string, name: string) => {
      await (await commands()).renameLabel(context(), { label, name })
    })
  labels
    .command('remove')
    .description('remove a label from everything it stands on')
    .argument(...LABEL)
    .action(async (label: string) => (await commands()).removeLabel(context(), { label }))
  for (const call of ['put', 'take'] as const) {
    labels
      .command(call)
      .description(call === 'put' ? 'put a label on something' : 'take it off')
      .argument(...LABEL)
      .argument('<on>', 'a contact, or the id of a message')
      .action(async (label: string, on: string) => {
        await (await commands()).setLabel(context(), { call, label, on })
      })
  }
  labels
    .command('show')
    .description('what a label stands on')
    .argument(...LABEL)
    .action(async (label: string) => (await commands()).showLabel(context(), { label }))
}

function addSettings(program: Command, context: GiveContext): void {
  const commands = (): Promise<typeof import('./commands/settings.ts')> =>
    import('./commands/settings.ts')
  const settings = addGroup(program, {
    name: 'settings',
    description: 'settings that hold on all devices of this account',
    list: async () => (await commands()).showSettings(context()),
  })
  const key = ['<key>', 'name of the setting'] as const
  for (const call of ['get', 'reset'] as const) {
    settings
      .command(call)
      .description(call === 'get' ? 'print one' : 'as it was before anybody set it')
      .argument(...key)
      .action(async (given: string) => {
        await (await commands()).readSetting(context(), { call, key: given })
      })
  }
  settings
    .command('set')
    .description('set one')
    .argument(...key)
    .argument('<value>', 'its value; kith settings says what it may be')
    .action(async (given: string, value: string) => {
      await (await commands()).setSetting(context(), { key: given, value })
    })
  settings
    .command('quiet')
    .description('whether it is quiet now, and until when')
    .action(async () => (await commands()).showQuiet(context()))
}
