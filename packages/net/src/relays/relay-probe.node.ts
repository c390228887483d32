import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import type { Connection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { parseRelay } from '../addresses.ts'
import { HOP_PROTOCOL } from '../circuit/messages.ts'
import type { Clock } from '../environment.ts'
import { isNetError } from '../errors.ts'
import { createHostOn, type Host } from '../host.ts'
import type { NetIdentity } from '../net.ts'
import { nodePlatform } from '../platform.node.ts'
import { STUN_PORT } from '../transports/stun.ts'
import { askStun } from '../transports/stun-question.node.ts'
import { openSocket, statusOfUpgrade } from './probe-sockets.node.ts'

/** One step on the way to a relay, as it went (rule RLY-90). */
export interface RelayProbe {
  readonly hop: ProbeHop
  readonly ok: boolean
  /** How long it took; also of a step that failed. */
  readonly ms: number
  /** What was found, for a person. */
  readonly detail?: string
  /** What to do about it; of the first step that failed alone. */
  readonly hint?: string
}

/** The steps, in their order. */
export type ProbeHop =
  | 'resolve'
  | 'tcp'
  | 'websocket'
  | 'noise'
  | 'identify'
  | 'reserve'
  | 'circuit'
  | 'stun'
  | 'webrtc-direct'

/** What a probe is told. */
export interface ProbeOptions {
  readonly clock: Clock
  /** A device that should be reachable through the relay: it is dialled instead of one of the probe's own. */
  readonly device?: string
  /** ms each step may take. Default 6,000. */
  readonly patience?: number
  readonly signal?: AbortSignal
}

/** Longer than anything takes on a slow line, short enough to wait for. */
const STEP_MS = 6_000

/**
 * Tries a relay step by step, as devices that nobody knows, and says how each went. Steps that need one
 * that failed are left out.
 *
 * @throws ERR_ADDRESS when it is no address of a relay
 */
export async function* probeRelay(
  address: string,
  options: ProbeOptions,
): AsyncGenerator<RelayProbe, void, undefined> {
  const run = new ProbeRun(address, options)
  let failed = false
  try {
    for await (const probe of run.steps()) {
      const { hint, ...rest } = probe
      yield failed || hint === undefined ? rest : { ...rest, hint }
      failed ||= !probe.ok
    }
  } finally {
    await run.stop()
  }
}

type Step = () => Promise<string | undefined>

/** One run over all steps; what a step finds, the next ones use. */
class ProbeRun {
  readonly #given: Multiaddr
  readonly #relay: string
  readonly #options: ProbeOptions
  readonly #hosts: Host[] = []
  #ip = ''
  #connection: Connection | undefined
  #told: readonly Multiaddr[] = []
  #reserved: Host | undefined

  constructor(address: string, options: ProbeOptions) {
    const { address: given, relay } = parseRelay(address)
    this.#given = given
    this.#relay = relay
    this.#options = options
  }

  async *steps(): AsyncGenerator<RelayProbe, void, undefined> {
    const { transport, port } = placeOf(this.#given)
    const resolved = yield* this.#step('resolve', () => this.#resolve())
    if (!resolved) return
    if (transport !== 'webrtc-direct') {
      if (!(yield* this.#step('tcp', () => this.#openTcp(port)))) return
      if (transport === 'ws' && !(yield* this.#step('websocket', () => this.#upgrade(port)))) return
    }
    const met = yield* this.#step(transport === 'webrtc-direct' ? transport : 'noise', () =>
      this.#meet(),
    )
    if (met && (yield* this.#step('identify', () => this.#identify()))) {
      const reserved = yield* this.#step('reserve', () => this.#reserve())
      if (reserved) yield* this.#step('circuit', () => this.#circle())
    }
    yield* this.#step('stun', () => this.#askStun())
    if (met && transport !== 'webrtc-direct') yield* this.#tryWebRtc()
  }

  async *#tryWebRtc(): AsyncGenerator<RelayProbe, void, undefined> {
    const address = this.#told.find((one) => placeOf(one).transport === 'webrtc-direct')
    if (address === undefined) return
    yield* this.#step('webrtc-direct', async () => {
      const host = await this.#host()
      await host.services.transports.dial(address, { signal: this.#signal() })
      // its hash and key are long, and were just checked
      return address.toString().split('/certhash/')[0]
    })
  }

  async *#step(hop: ProbeHop, step: Step): AsyncGenerator<RelayProbe, boolean, undefined> {
    const { clock, signal } = this.#options
    signal?.throwIfAborted()
    const began = clock.monotonic()
    const ms = (): number => Math.round(clock.monotonic() - began)
    try {
      const detail = await step()
      yield { hop, ok: true, ms: ms(), ...(detail === undefined ? {} : { detail }) }
      return true
    } catch (error) {
      signal?.throwIfAborted()
      yield { hop, ok: false, ms: ms(), detail: sentenceOf(error), hint: this.#hint(hop, error) }
      return false
    }
  }

  #signal(): AbortSignal {
    const { signal, patience = STEP_MS } = this.#options
    const deadline = AbortSignal.timeout(patience)
    return signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  }

  async #resolve(): Promise<string | undefined> {
    const { host, isName } = placeOf(this.#given)
    this.#ip = isName ? (await lookup(host)).address : host
    return isName ? `${host} is ${this.#ip}` : this.#ip
  }

  async #openTcp(port: number): Promise<undefined> {
    const socket = await openSocket(this.#ip, port, this.#signal())
    socket.destroy()
  }

  async #upgrade(port: number): Promise<undefined> {
    const signal = this.#signal()
    const socket = await openSocket(this.#ip, port, signal)
    try {
      const status = await statusOfUpgrade(socket, signal)
      if (status !== '101') throw new Error(`It answers ${status} instead of a WebSocket`)
    } finally {
      socket.destroy()
    }
  }

  async #meet(): Promise<string> {
    const host = await this.#host()
    this.#connection = await host.dial(this.#given, { signal: this.#signal() })
    return `it is ${this.#relay}`
  }

  async #identify(): Promise<string> {
    const [host] = this.#hosts
    if (host === undefined || this.#connection === undefined) throw new Error('not connected')
    const told = await host.services.identify.identify(this.#connection, { signal: this.#signal() })
    if (!told.protocols.includes(HOP_PROTOCOL)) throw new NoRelay()
    return told.agentVersion ?? 'a relay'
  }

  async #reserve(): Promise<string | undefined> {
    const host = await this.#host()
    const connection = this.#connection
    const circuit = host.services.circuit
    if (circuit === undefined || connection === undefined) throw new Error('not connected')
    if (this.#options.device !== undefined) return 'this device holds a place of its own'
    const { addresses } = await circuit.reserve(connection, { signal: this.#signal() })
    this.#told = addresses.map(relayPart)
    this.#reserved = host
    return undefined
  }

  /** Out to the relay and back through it, to ourselves or to the device. */
  async #circle(): Promise<string> {
    const target = this.#options.device ?? this.#reserved?.peerId.toString() ?? ''
    const other = await this.#newHost()
    const way = multiaddr(`${this.#given}/p2p-circuit/p2p/${target}`)
    const connection = await other.services.transports.dial(way, { signal: this.#signal() })
    const ms = await other.services.ping.ping(connection.remotePeer, { signal: this.#signal() })
    return `there and back in ${ms} ms`
  }

  async #askStun(): Promise<string> {
    return askStun({ host: this.#ip, port: STUN_PORT }, this.#signal())
  }

  async #host(): Promise<Host> {
    return this.#hosts[0] ?? (await this.#newHost())
  }

  /** It asks nobody by itself: a second question at once would be refused. */
  async #newHost(): Promise<Host> {
    const host = await createHostOn(nodePlatform, {
      identity: throwAwayIdentity(),
      splice: false,
      asksPeers: false,
    })
    this.#hosts.push(host)
    return host
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()))
  }

  #hint(hop: ProbeHop, error: unknown): string {
    const { port, transport } = placeOf(this.#given)
    switch (hop) {
      case 'resolve':
        return 'The name leads nowhere: check its spelling and its DNS entry, or use the IP address.'
      case 'tcp':
        return tcpHint(codeOf(error), port)
      case 'websocket':
        return `Something else answers on TCP ${port}: check the port, and a proxy that may not pass WebSocket on.`
      case 'noise':
        return isTimeout(error)
          ? `What answers does not speak libp2p: check whether ${port} is the port for ${transport}.`
          : 'The key is another: the relay was made anew. Ask its operator for the address of now.'
      case 'identify':
        return error instanceof NoRelay
          ? 'What answers is no relay: check the port.'
          : 'The relay is overloaded or hangs: see its status page, or start it again.'
      case 'reserve':
        return reserveHint(error)
      case 'circuit':
        return 'The relay passes nothing on: see its limits and its month on its status page.'
      case 'stun':
        return `Open UDP ${STUN_PORT} to the relay. Without it devices stay on the relay where they could be direct.`
      case 'webrtc-direct':
        return `Open UDP ${transport === 'webrtc-direct' ? port : 4001} to the relay. Browsers need it, unless they use WebSocket.`
    }
  }
}

class NoRelay extends Error {
  constructor() {
    super('It does not speak circuit relay v2')
    this.name = 'NoRelay'
  }
}

interface Place {
  readonly host: string
  readonly isName: boolean
  readonly port: number
  readonly transport: 'tcp' | 'ws' | 'webrtc-direct'
}

function placeOf(address: Multiaddr): Place {
  const parts = address.getComponents()
  const names = parts.map(({ name }) => name)
  const [first, second] = parts
  const isWs = names.includes('ws') || names.includes('wss')
  return {
    host: first?.value ?? '',
    isName: first?.name.startsWith('dns') === true,
    port: Number(second?.value ?? 0),
    transport: names.includes('webrtc-direct') ? 'webrtc-direct' : isWs ? 'ws' : 'tcp',
  }
}

/** Of the address of a device at a relay, that of the relay. */
function relayPart(address: Multiaddr): Multiaddr {
  return multiaddr(address.toString().split('/p2p-circuit')[0] ?? '')
}

function tcpHint(code: string | undefined, port: number): string {
  return code === 'ECONNREFUSED'
    ? `The machine is there, but nothing listens on TCP ${port}: is the relay running, is it this port?`
    : `Nothing comes back from TCP ${port}: open it in the firewall of the relay, or forward it in its router.`
}

function reserveHint(error: unknown): string {
  const text = sentenceOf(error)
  return /permission|denied|not allow/i.test(text)
    ? 'It is closed to strangers: claim it with "kith relay claim CODE", or run this on a device of its owner.'
    : 'It has no place: see its limits on its status page.'
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

function sentenceOf(error: unknown): string {
  if (isNetError(error)) return error.message
  if (isTimeout(error)) return 'It does not answer in time'
  if (error instanceof AggregateError && error.errors[0] instanceof Error)
    return error.errors[0].message
  return error instanceof Error ? error.message : String(error)
}

function codeOf(error: unknown): string | undefined {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error
  if (!(one instanceof Error) || !('code' in one)) return undefined
  return typeof one.code === 'string' ? one.code : undefined
}

/** A key nobody has seen, and nobody will see again. */
function throwAwayIdentity(): NetIdentity {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: rawKey(publicKey),
    sign: async (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  }
}

function rawKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32))
}
