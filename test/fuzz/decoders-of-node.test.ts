import { vi } from 'vitest'
import { testDecoders } from './decoders.ts'
import { nodeSamples } from './samples/node.ts'

vi.mock('../../packages/protocol/src/codec/codec.ts', async (original) => {
  const { recording } = await import('./recorded-codecs.ts')
  return recording(await original())
})

await testDecoders('node', nodeSamples)
