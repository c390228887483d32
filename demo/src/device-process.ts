/** One device of the demonstration in a process of its own. Started by `start.ts`. */

import { createNode, type NodeOptions } from '@kithmesh/node'
import { type CallReply, type CallRequest, callsOf, type DeviceCalls } from './device-calls.ts'

const options: NodeOptions = JSON.parse(process.argv[2] ?? '{}')
const node = await createNode(options)
const calls = callsOf(node)
const tell = (reply: CallReply): void => void process.send?.(reply)

process.on('message', (request: CallRequest) => void answer(request))
process.on('disconnect', () => void node.stop().finally(() => process.exit(0)))
for (const event of ['message:received', 'device:linked', 'starred:changed'] as const) {
  node.addEventListener(event, ({ detail }) => tell({ event, detail }))
}
tell({ event: 'up', detail: { device: node.device, account: node.account } })

async function answer({ id, call, args }: CallRequest): Promise<void> {
  try {
    // The parent is typed by the same DeviceCalls; the arguments are what it was compiled with.
    const run = calls[call] as (...args: readonly unknown[]) => ReturnType<DeviceCalls[typeof call]>
    tell({ id, value: await run(...args) })
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.message : String(error) })
  }
}
