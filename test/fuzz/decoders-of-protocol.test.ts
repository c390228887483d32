import { vi } from 'vitest'
import { testDecoders } from './decoders.ts'
import { protocolSamples } from './samples/protocol.ts'

vi.mock('../../packages/protocol/src/codec/codec.ts', async (original) => {
  const { recording } = await import('./recorded-codecs.ts')
  return recording(await original())
})

await testDecoders('protocol', await protocolSamples())
