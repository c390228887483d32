import { deviceLogCodec } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, createDevices, type Devices, type SeenFrame } from '../test/devices.ts'
import { accountNamed } from '../test/people.ts'
import type { KithNode } from './api.ts'
import { type HelloFrame, helloCodec } from './hello-wire.ts'
import { HELLO } from './protocols.ts'

/** Ada, her contact Ben, and every hello either of them said. */
async function friends(): Promise<{
  readonly devices: Devices
  readonly ada: KithNode
  readonly ben: KithNode
  /** The newest log of an account that went over the wire. */
  logOf(node: KithNode): Uint8Array
}> {
  const frames: SeenFrame[] = []
  const devices = createDevices((frame) => void frames.push(frame))
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  return {
    devices,
    ada,
    ben,
    logOf: (node) => {
      const logs = frames
        .filter(({ protocol }) => protocol === HELLO.id)
        .map(({ bytes }) => helloCodec.decode(bytes))
        .filter((frame) => frame.kind === 'log')
      return logs.findLast(({ account }) => account === node.account)?.entries ?? new Uint8Array()
    },
  }
}

/** What Ada answers to somebody she does not know who says `frames`. */
async function answersTo(
  { devices, ada }: { readonly devices: Devices; readonly ada: KithNode },
  frames: readonly HelloFrame[],
): Promise<readonly string[]> {
  const stream = await devices.stranger().open(ada.device, HELLO)
  for (const frame of frames) await stream.send(helloCodec.encode(frame))
  await stream.close()
  const kinds: string[] = []
  try {
    for await (const bytes of stream.incoming) kinds.push(helloCodec.decode(bytes).kind)
  } catch {
    kinds.push('reset')
  }
  return kinds
}

function claim(account: KithNode['account']): HelloFrame {
  if (!account) throw new Error('whose?')
  return { kind: 'hello', account, logs: [], card: new Uint8Array(), places: [] }
}

test('DEV-3 A1 who claims to be of an account, but is not in its log, hears nothing', async () => {
  const stage = await friends()
  const { ada, ben } = stage
  const done: HelloFrame = { kind: 'done' }
  expect(await answersTo(stage, [claim(accountNamed('s')), done])).toEqual(['unknown'])
  for (const claimed of [ada, ben]) {
    expect(await answersTo(stage, [claim(claimed.account), done])).toEqual(['unknown'])
  }
})

test('DEV-3 A1 neither does who shows the true log of the account it claims', async () => {
  const stage = await friends()
  const { devices, ada, ben } = stage
  // A third device makes Ben show his log, as a device does to one that does not know it.
  const entries = await shownLog(devices, ben, ada)
  expect(deviceLogCodec.decode(entries).length).toBeGreaterThan(0)
  const claimed = accountOf(ben)
  const frames: readonly HelloFrame[] = [
    claim(claimed),
    { kind: 'log', account: claimed, entries },
    { kind: 'done' },
  ]
  expect(await answersTo(stage, frames)).toEqual(['unknown'])
})
