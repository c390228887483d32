import { createNode, type KithNode } from '@kithmesh/node'
import { placeOf } from './bare-stream.ts'
import type { Linker, Newcomer } from './contender.ts'

/** Ours: a device with an account of its own, which links the one whose code it reads. */
export function linker(): Linker {
  let node: KithNode | undefined
  return {
    start: async ({ where, home, records }) => {
      // With a history it is a device that is there already, and keeps its name.
      const named = records === 0 ? { name: 'phone' } : {}
      node = await createNode({ home, ...named, ...placeOf(where) })
      await relayReady(node)
      return ''
    },
    // The person has read the code, and agrees at once: what is measured is what the devices need.
    link: async (code) => {
      await node?.devices.link(code, { confirm: async () => true, far: true })
    },
  }
}

/** A new device with an empty home. Linked when it has stored all that an account without history has. */
export function newcomer(): Newcomer {
  return {
    start: async ({ where, home }, arrived = () => undefined) => {
      const node = await createNode({ home, name: 'laptop', newDevice: true, ...placeOf(where) })
      node.addEventListener('message:sent', () => arrived(1))
      node.addEventListener('message:received', () => arrived(1))
      const { code } = await node.linking.offer({ confirm: async () => true })
      return code
    },
  }
}

async function relayReady(node: KithNode): Promise<void> {
  const isReady = async (): Promise<boolean> =>
    (await node.status()).relays.every(({ state }) => state === 'ready')
  if (await isReady()) return
  await new Promise<void>((resolve) => {
    node.addEventListener('relay:changed', () => {
      void isReady().then((ready) => ready && resolve())
    })
  })
}
