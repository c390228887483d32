import { expect, test } from 'vitest'
import { nodeRefusal } from './node-version.ts'

test.each(['22.12.0', '22.23.3', '24.0.0', '26.1.0-nightly'])(
  'CLI-25 Node %s runs kith',
  (version) => {
    expect(nodeRefusal(version)).toBeUndefined()
  },
)

test.each(['18.20.0', '20.20.2', '22.11.9', '9.0.0', 'x'])(
  'CLI-25 Node %s is told why not',
  (version) => {
    expect(nodeRefusal(version)).toEqual({
      event: 'error',
      code: 'ERR_NODE_VERSION',
      message: `kith needs Node 22.12 or newer; this is ${version}.`,
      hint: expect.stringContaining('nodejs.org'),
    })
  },
)
