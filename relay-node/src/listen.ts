import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { createServer, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isLinkLocalIp6 } from '@kithmesh/net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { RelayError, reasonOf, systemCodeOf } from './errors.ts'

/** One of the three ways a relay is reached. */
export interface ListenAddress {
  readonly text: string
  readonly host: string
  readonly family: 4 | 6
  readonly port: number
  readonly transport: 'tcp' | 'ws' | 'webrtc-direct'
}

/**
 * UDP for browsers and TCP for programs on one number, WebSocket beside it for networks that
 * block UDP.
 */
const DEFAULT_PATHS = ['udp/4001/webrtc-direct', 'tcp/4001', 'tcp/4002/ws'] as const

/** Where a relay listens unless told: everywhere, IPv6 where the machine has any. */
export function defaultListen(): readonly string[] {
  const hosts = hasIp6() ? ['/ip4/0.0.0.0', '/ip6/::'] : ['/ip4/0.0.0.0']
  return hosts.flatMap((host) => DEFAULT_PATHS.map((path) => `${host}/${path}`))
}

function hasIp6(): boolean {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(
      ({ family, internal, address }) => family === 'IPv6' && !internal && !isLinkLocalIp6(address),
    )
}

/** @throws ERR_LISTEN when it is none of the three kinds of address */
export function parseListen(text: string): ListenAddress {
  const parts = /^\/ip([46])\/([^/]+)\/(tcp|udp)\/(\d{1,5})(\/ws|\/webrtc-direct)?$/.exec(text)
  const [, ip, host = '', layer, digits, path = ''] = parts ?? []
  const transport = TRANSPORTS.get(`${layer}${path}`)
  const port = Number(digits)
  if (transport !== undefined && isIP(host) === Number(ip) && port <= 65_535) {
    return { text, host, family: ip === '4' ? 4 : 6, port, transport }
  }
  throw new RelayError('ERR_LISTEN', `Not an address to listen on: ${text}`, {
    hint: 'Use /ip4/0.0.0.0/udp/4001/webrtc-direct, /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/tcp/4002/ws.',
  })
}

const TRANSPORTS: ReadonlyMap<string, ListenAddress['transport']> = new Map([
  ['tcp', 'tcp'],
  ['tcp/ws', 'ws'],
  ['udp/webrtc-direct', 'webrtc-direct'],
])

/**
 * libp2p says nothing of an address it could not take, so we take each for a moment first.
 * @throws ERR_LISTEN
 */
export async function checkFree(addresses: readonly ListenAddress[]): Promise<void> {
  for (const address of addresses) {
    try {
      await (address.transport === 'webrtc-direct' ? tryUdp(address) : tryTcp(address))
    } catch (error) {
      throw new RelayError('ERR_LISTEN', `Cannot listen on ${address.text}: ${reasonOf(error)}`, {
        cause: error,
        hint: hintFor(systemCodeOf(error), address.port),
      })
    }
  }
}

function hintFor(code: string | undefined, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Another program uses port ${port}: stop it, or choose other ports with --listen.`
    case 'EACCES':
      return `Ports below 1024 need a right of their own: choose a port above with --listen.`
    default:
      return 'This machine may not have that address: see "ip address", or use /ip4/0.0.0.0.'
  }
}

async function tryTcp({ host, port, family }: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer()
  server.once('error', reject)
  server.listen({ host, port, ipv6Only: family === 6 }, resolve)
  await promise
  await new Promise<void>((closed) => server.close(() => closed()))
}

async function tryUdp({ host, port, family }: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 })
  socket.once('error', reject)
  socket.bind(port, host, resolve)
  await promise
  await new Promise<void>((closed) => socket.close(() => closed()))
}

/** Whether an address of the host is one of those it was asked to listen on. */
export function isOf(address: Multiaddr, { family, transport }: ListenAddress): boolean {
  const names = address.getComponents().map(({ name }) => name)
  if (names[0] !== `ip${family}`) return false
  if (transport === 'tcp') return names[1] === 'tcp' && !names.includes('ws')
  return names.includes(transport)
}

/**
 * The addresses under which the outside knows this machine: every way it listens, with the host
 * replaced. WebRTC takes no names, so there a name stands as what it means now.
 */
export async function publicAddresses(
  listening: readonly Multiaddr[],
  publicHost: string,
): Promise<readonly Multiaddr[]> {
  const ip = isIP(publicHost) === 0 ? await resolveIp4(publicHost) : publicHost
  const texts = listening.flatMap((address) => {
    const rest = `/${address.toString().split('/').slice(3).join('/')}`
    const needsIp = rest.includes('/webrtc-direct')
    if (needsIp && ip === undefined) return []
    return [`${hostPart(needsIp ? (ip ?? publicHost) : publicHost)}${rest}`]
  })
  return [...new Set(texts)].map((text) => multiaddr(text))
}

function hostPart(host: string): string {
  const family = isIP(host)
  return family === 0 ? `/dns/${host}` : `/ip${family}/${host}`
}

async function resolveIp4(name: string): Promise<string | undefined> {
  const found = await lookup(name, { family: 4 }).catch(() => undefined)
  return found?.address
}
