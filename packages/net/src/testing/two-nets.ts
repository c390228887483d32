import { createNet, type Net } from '../index.ts'
import { realClock, testIdentity, testRng } from './fixtures.ts'

/** Two nets that listen on loopback, and do not know each other yet. */
export async function startTwoNets(): Promise<readonly [ada: Net, ben: Net]> {
  return Promise.all([start('ada'), start('ben')])
}

function start(name: string): Promise<Net> {
  return createNet({
    identity: testIdentity(name),
    clock: realClock,
    rng: testRng(name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
}
