/** A program that starts and stops devices; it must end by itself (rule NET-18). */
import { createCertificate, createNet, type NetProtocol } from '../index.ts'
import { realClock, testIdentity, testRng } from './fixtures.ts'
import { startTestRelay } from './test-relay.ts'

const ECHO: NetProtocol = { id: '/kith/echo/1', maxFrameBytes: 1024, maxStreamsPerPeer: 4 }

const relay = await startTestRelay('relay')
const rng = testRng('stopping')
const common = { clock: realClock, rng, relays: [relay.address], lanPort: 39_871 }
const certificate = await createCertificate({ clock: realClock, rng })
const ada = await createNet({ ...common, identity: testIdentity('ada'), certificate })
const ben = await createNet({ ...common, identity: testIdentity('ben'), lan: false })
ben.handle(ECHO, async (stream) => {
  for await (const frame of stream.incoming) await stream.send(frame)
})
const away = await createNet({ ...common, identity: testIdentity('away'), lan: false })
await away.stop()
ada.keep([ben.peer, away.peer])
await new Promise<void>((resolve) => {
  ada.addEventListener('peer:connected', () => resolve())
})
const stream = await ada.open(ben.peer, ECHO)
await stream.send(Uint8Array.of(1))
await stream.incoming[Symbol.asyncIterator]().next()
await Promise.all([ada.stop(), ben.stop()])
await relay.stop()
process.stdout.write('stopped\n')
