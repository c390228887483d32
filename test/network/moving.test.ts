import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createStage, WAIT } from '../processes/stage.ts'
import { createNetwork, missing } from './namespaces.ts'
import { say } from './people.ts'

const STORY_MS = 120_000
/** Longer than a silent peer is taken for alive. */
const ASLEEP_MS = 12_000
/** Devices come back by themselves within this time. */
const BACK = { timeout: 10_000, interval: 100 } as const

test.skipIf(missing !== '')(
  `DEL-2 D4 a device with another address, and one that slept: what was sent is there within 10 s, once${missing}`,
  async () => {
    await using network = await createNetwork()
    await using stage = await createStage()
    const lines = [await network.host(), await network.host()] as const
    const [ada, ben] = await Promise.all([
      stage.home('phone', 'ready', [], lines[0].namespace),
      stage.home('tablet', 'ready', [], lines[1].namespace),
    ])
    await stage.acquaint(ada, ben, { inviter: 'Ada', adder: 'Ben' })
    await say(ada, 'Ben', 'at home')
    await expect.poll(() => ben.texts('Ada'), WAIT).toEqual(['at home'])

    await lines[0].move('10.77.0.99')
    await say(ada, 'Ben', 'on the road')
    await expect.poll(() => ben.texts('Ada'), BACK).toEqual(['at home', 'on the road'])

    process.kill(ben.program.pid, 'SIGSTOP')
    await delay(ASLEEP_MS)
    await say(ada, 'Ben', 'while you slept')
    process.kill(ben.program.pid, 'SIGCONT')
    const all = ['at home', 'on the road', 'while you slept']
    await expect.poll(() => ben.texts('Ada'), BACK).toEqual(all)
    await say(ben, 'Ada', 'awake')
    await expect.poll(() => ada.texts('Ben'), BACK).toEqual([...all, 'awake'])
  },
  STORY_MS,
)
