import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createNetwork, missing, type NetworkHost } from './namespaces.ts'

const run = promisify(execFile)

/** How many of 200 datagrams get from one host to another, sent and counted by programs that run there. */
async function arrivals(from: NetworkHost, to: NetworkHost): Promise<number> {
  const receiving = run('ip', ['netns', 'exec', to.namespace, process.execPath, '-e', COUNT])
  const sender = ['netns', 'exec', from.namespace, process.execPath, '-e', SEND, to.address]
  await run('ip', sender)
  return Number((await receiving).stdout)
}

/** Until it has been quiet for half a second after the first, or has heard nothing for three. */
const COUNT = `
const socket = require('node:dgram').createSocket('udp4')
let count = 0
const done = () => { console.log(count); process.exit(0) }
let timer = setTimeout(done, 3000)
socket.on('message', () => { count++; clearTimeout(timer); timer = setTimeout(done, 500) })
socket.bind(4000)`

const SEND = `
const socket = require('node:dgram').createSocket('udp4')
const send = (left) => {
  if (left === 0) return socket.close()
  socket.send('x', 4000, process.argv[1], () => setTimeout(send, 5, left - 1))
}
setTimeout(send, 300, 200)`

test.skipIf(missing !== '')(
  `a line loses the part that it is told to, all of it, or nothing${missing}`,
  async () => {
    await using network = await createNetwork()
    const [one, other] = [await network.host(), await network.host()]
    expect(await arrivals(one, other)).toBe(200)
    await other.lose(30)
    const some = await arrivals(one, other)
    // Six standard deviations of 200 throws with 0.7.
    expect(some).toBeGreaterThan(140 - 39)
    expect(some).toBeLessThan(140 + 39)
    await other.lose(100)
    expect(await arrivals(one, other)).toBe(0)
    await other.lose(0)
    await other.unplug()
    expect(await arrivals(one, other)).toBe(0)
    await other.plug()
    expect(await arrivals(one, other)).toBe(200)
  },
)
