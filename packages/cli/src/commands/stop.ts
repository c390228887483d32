import { ask, type CommandContext } from './context.ts'

/** Stops the running device; ends when it has stopped. */
export async function stopDevice(context: CommandContext): Promise<void> {
  await ask(context, { call: 'stop', input: {} })
  context.report.print('The device has stopped.')
}
