import type { NetComplianceCase } from './case.ts'
import {
  check,
  collect,
  ECHO,
  echo,
  equal,
  eventually,
  failsWith,
  filled,
  first,
  heard,
  isStream,
  OTHER,
  pair,
  within,
} from './checks.ts'

/** What every {@link Net} keeps towards peers. */
export const peerCases: readonly NetComplianceCase[] = [
  {
    rule: 'NET-17',
    name: 'a protocol that nobody answers is told apart from a peer that is not there',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, echo)
      await failsWith('ERR_PROTOCOL_UNSUPPORTED', () => ada.open(ben.peer, OTHER))
      const gone = await world.create()
      await gone.stop()
      await failsWith('ERR_UNREACHABLE', () => ada.open(gone.peer, ECHO))
      await failsWith('ERR_ADDRESS', () => ada.open('nobody', ECHO))
    },
  },
  {
    rule: 'NET-34',
    name: 'two that dial each other at once are connected once',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ada.handle(ECHO, echo)
      ben.handle(ECHO, echo)
      const connected: string[] = []
      ada.addEventListener('peer:connected', ({ detail }) => connected.push(detail.peer))
      const streams = await Promise.all([ada.open(ben.peer, ECHO), ben.open(ada.peer, ECHO)])
      for (const stream of streams) {
        await stream.send(filled(9))
        equal((await first(stream)).byteLength, 9, 'an echo')
        await stream.close()
      }
      equal(connected.join(), ben.peer, 'who ada heard of')
      equal(ada.connected().join(), ben.peer, 'who ada is connected with')
    },
  },
  {
    rule: 'NET-33',
    name: 'reachability says how, and since when not',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const before = ada.reachability(ben.peer)
      equal(before.path, 'away', 'the path before')
      check(before.reason !== '', 'a reason')
      const changed = heard(ada, 'reachability:changed', ({ reachability }) => {
        return reachability.path !== 'away'
      })
      ada.keep([ben.peer])
      const { reachability } = await within(changed)
      check(reachability.reason !== '' && reachability.lastSeen !== undefined, 'reason and time')
      const gone = heard(ada, 'peer:disconnected', ({ peer }) => peer === ben.peer)
      await ben.stop()
      await within(gone)
      const after = ada.reachability(ben.peer)
      equal(after.path, 'away', 'the path after')
      check(after.lastSeen !== undefined, 'when it was last seen')
    },
  },
  {
    rule: 'NET-25',
    name: 'a kept peer is connected by itself, and again after it broke',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      const connected = heard(ada, 'peer:connected', ({ peer }) => peer === ben.peer)
      ada.keep([ben.peer])
      await within(connected)
      const broken = heard(ada, 'peer:disconnected', ({ peer }) => peer === ben.peer)
      ben.refuse(ada.peer)
      await within(broken)
      const again = heard(ada, 'peer:connected', ({ peer }) => peer === ben.peer)
      ben.keep([ada.peer])
      await within(again)
    },
  },
  {
    rule: 'NET-37',
    name: 'a refused peer is cut off and stays out until it is kept again',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ada.handle(ECHO, echo)
      ben.handle(ECHO, echo)
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(1))
      await first(stream)
      ben.refuse(ada.peer)
      await failsWith('ERR_STREAM_RESET', () => collect(stream.incoming))
      await failsWith('ERR_PEER_REFUSED', () => ben.open(ada.peer, ECHO))
      await eventually(async () => (ada.connected().length === 0 ? true : undefined))
      const refused = await ada.open(ben.peer, ECHO).catch((error: unknown) => error)
      check(!isStream(refused), 'the refused peer got no stream')
      ben.keep([ada.peer])
      await eventually(() => ada.open(ben.peer, ECHO).catch(() => undefined))
    },
  },
  {
    rule: 'NET-18',
    name: 'a stopped net resets its streams, disconnects and opens no more',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      ben.handle(ECHO, echo)
      const stream = await ada.open(ben.peer, ECHO)
      await stream.send(filled(2))
      await first(stream)
      const gone = heard(ada, 'peer:disconnected', ({ peer }) => peer === ben.peer)
      await ben.stop()
      await ben.stop()
      await failsWith('ERR_STREAM_RESET', () => collect(stream.incoming))
      await within(gone)
      await failsWith('ERR_NET_STOPPED', () => ben.open(ada.peer, ECHO))
    },
  },
  {
    rule: 'NET-31',
    name: 'addresses are the same as text and as bytes, and nothing else is an address',
    run: async (world) => {
      const { ada, ben } = await pair(world)
      for (const address of ada.addresses()) {
        equal(ada.addressFromBytes(ada.addressToBytes(address)), address, 'an address')
      }
      await failsWith('ERR_ADDRESS', async () => ada.addressToBytes('over there'))
      await failsWith('ERR_ADDRESS', async () => ada.addressFromBytes(Uint8Array.of(255, 255, 255)))
      const many = Array.from({ length: 100 }, (_, port) => `/ip4/192.0.2.1/tcp/${port + 1}`)
      ada.setAddresses(ben.peer, [...many, 'nonsense'])
    },
  },
]
