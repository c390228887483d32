import { contenderNamed } from './contenders/contenders.ts'
import type { Call, Reply } from './party.ts'
import { openRole } from './roles/roles.ts'

/** One process of one contender: does what the benchmark asks over the channel it was started with. */
const [contenderName = '', roleName = ''] = process.argv.slice(2)

const contender = await contenderNamed(contenderName)
const role = Object.entries(openRole).find(([name]) => name === roleName)?.[1](contender)
if (!role) throw new Error(`no role is called ${roleName}`)
const functions = new Map(Object.entries(role))

process.on('message', (call: Call) => void answer(call))
process.on('disconnect', () => process.exit(0))
process.send?.('ready')

async function answer({ id, name, argument }: Call): Promise<void> {
  try {
    const value: unknown = await functions.get(name)?.(argument)
    if (id !== undefined) reply({ id, value })
  } catch (error) {
    reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function reply(message: Reply): void {
  process.send?.(message)
}
