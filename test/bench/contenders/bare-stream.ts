import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { createNet, type Net, type NetProtocol } from '@kithmesh/net'
import { createRelay } from 'kith-relay'
import { now } from '../clock.ts'
import type { Contender, Linker, Newcomer, Server, Start } from './contender.ts'

/**
 * What linking cannot be quicker than: the same net dials the same places (TCP or a relay, then Noise), opens a
 * stream and gets one byte back. No account, no proof, no person, nothing on disk.
 */
export const bareStream: Contender = { server: relayServer, newcomer, linker }

const ECHO: NetProtocol = { id: '/kith/bench/1', maxFrameBytes: 16, maxStreamsPerPeer: 4 }

/** The relay both contenders use. */
export function relayServer(): Server {
  return {
    start: async ({ home }) => {
      const relay = await createRelay({
        home,
        listen: ['/ip4/127.0.0.1/tcp/0'],
        admin: 'off',
        open: true,
      })
      const address = relay.addresses.find((text) => /\/tcp\/\d+\/p2p\//.test(text))
      if (address === undefined) throw new Error('the relay listens nowhere')
      return address
    },
  }
}

function newcomer(): Newcomer {
  return {
    start: async ({ where }) => {
      const net = await open(where)
      net.handle(ECHO, async (stream) => {
        for await (const frame of stream.incoming) await stream.send(frame)
      })
      await relayReady(net)
      return JSON.stringify({ peer: net.peer, addresses: net.addresses() })
    },
  }
}

function linker(): Linker {
  let net: Net | undefined
  return {
    start: async ({ where }) => {
      net = await open(where)
      await relayReady(net)
      return ''
    },
    link: async (code) => {
      const { peer, addresses }: { peer: string; addresses: string[] } = JSON.parse(code)
      net?.setAddresses(peer, addresses)
      const stream = await net?.open(peer, ECHO)
      await stream?.send(Uint8Array.of(1))
      for await (const _ of stream?.incoming ?? []) break
    },
  }
}

/** On loopback, or with nothing but a relay. */
export function placeOf(where: Start['where']): {
  readonly listen?: readonly string[]
  readonly relays?: readonly string[]
  readonly lan?: boolean
} {
  return where === '' ? { listen: ['/ip4/127.0.0.1/tcp/0'] } : { relays: [where], lan: false }
}

function open(where: Start['where']): Promise<Net> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
    format: 'jwk',
  })
  const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return createNet({
    identity: {
      publicKey: Uint8Array.from(Buffer.from(raw.x ?? '', 'base64url')),
      sign: async (bytes) => Uint8Array.from(sign(null, bytes, key)),
    },
    clock: { now: () => Date.now(), monotonic: now },
    rng: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    ...placeOf(where),
  })
}

/** Until every relay has a place for us: a person reads a code that has all its addresses. */
async function relayReady(net: Net): Promise<void> {
  const isReady = (): boolean => net.relays().every(({ state }) => state === 'ready')
  if (isReady()) return
  await new Promise<void>((resolve) => {
    net.addEventListener('relay:changed', () => {
      if (isReady()) resolve()
    })
  })
}
