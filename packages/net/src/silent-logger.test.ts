import { afterEach, expect, test, vi } from 'vitest'
import { createHost, type Host } from './index.ts'
import { testIdentity } from './testing/fixtures.ts'

// libp2p reads it when it is loaded: everything there is to log would be printed.
vi.hoisted(() => {
  process.env['DEBUG'] = '*,*:trace'
})

const running: Host[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
  vi.restoreAllMocks()
})

async function host(name: string): Promise<Host> {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const made = await createHost({ identity: testIdentity(name), listen })
  running.push(made)
  return made
}

test('NET-4 libp2p prints no peer id and no address, even when it is asked for everything', async () => {
  const printed: string[] = []
  const note = (...parts: unknown[]): boolean => printed.push(parts.join(' ')) > 0
  vi.spyOn(process.stderr, 'write').mockImplementation(note)
  vi.spyOn(process.stdout, 'write').mockImplementation(note)
  for (const level of ['log', 'info', 'debug', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation(note)
  }
  const [ada, ben] = [await host('ada'), await host('ben')]
  await ben.dial(ada.getMultiaddrs())
  await expect.poll(() => ada.getConnections().length).toBe(1)
  const text = printed.join('')
  for (const { peerId } of [ada, ben]) expect(text).not.toContain(peerId.toString())
  expect(text).not.toContain('/ip4/')
})
