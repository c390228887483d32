import { createInterface } from 'node:readline/promises'
import type { Scene } from './story.ts'
import { printNews } from './text.ts'

/** Answers keys until the person quits; without a terminal, until the process is told to end. */
export async function startKeys(scene: Scene): Promise<void> {
  const quit = Promise.withResolvers<void>()
  process.once('SIGTERM', () => quit.resolve())
  process.once('SIGINT', () => quit.resolve())
  if (!process.stdin.isTTY) return quit.promise

  let relayUp = true
  let phoneUp = true
  const actions: Readonly<Record<string, () => Promise<void>>> = {
    '1': async () => {
      await (relayUp ? scene.relay.end() : scene.restartRelay())
      relayUp = !relayUp
      printNews(
        relayUp ? 'the relay is back, at the same address' : 'the relay is gone; press 1 again',
      )
    },
    '2': async () => {
      await (phoneUp ? scene.phone.end() : scene.restartPhone())
      phoneUp = !phoneUp
      printNews(phoneUp ? "Ada's phone is back" : "Ada's phone is off; the laptop goes on alone")
    },
    '3': () => linkByCode(scene),
    q: async () => quit.resolve(),
    '\u0003': async () => quit.resolve(),
  }
  let busy = false
  const onKey = async (key: Buffer): Promise<void> => {
    const action = actions[key.toString()]
    if (!action || busy) return
    busy = true
    await action().catch((error: Error) => printNews(`that failed: ${error.message}`))
    busy = false
    if (process.stdin.isTTY) process.stdin.setRawMode(true)
  }
  const listener = (key: Buffer): void => void onKey(key)
  process.stdin.setRawMode(true)
  process.stdin.on('data', listener)
  await quit.promise
  process.stdin.off('data', listener)
  process.stdin.setRawMode(false)
  process.stdin.pause()
}

async function linkByCode(scene: Scene): Promise<void> {
  process.stdin.setRawMode(false)
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const code = await lines.question('  Paste the code the page shows: ')
  lines.close()
  process.stdin.resume()
  const device = await scene.laptop.link(code.trim(), 'far')
  printNews(`linked ${device.name}; it has Ada's contacts and stars now`)
}
