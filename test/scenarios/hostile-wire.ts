/**
 * A TCP proxy that damages what passes: it flips, drops, repeats and swaps pieces of the stream, as whoever owns
 * the wire or the relay can. All of it is inside of Noise, so all it can do is to break the connection.
 */

import { connect, createServer, type Socket } from 'node:net'

/** What it does to a piece. */
export type Damage = 'flip' | 'drop' | 'repeat' | 'swap'

const DAMAGES: readonly Damage[] = ['flip', 'drop', 'repeat', 'swap']

/** The party on the wire. */
export interface HostileWire extends AsyncDisposable {
  /** The multiaddr of a proxy in front of a TCP multiaddr. */
  before(address: string): Promise<string>
  /** From now on pieces are damaged; before, and after {@link pause}, everything passes as it is. */
  damage(): void
  pause(): void
  /** How often each damage was done. */
  readonly done: ReadonlyMap<Damage, number>
}

/** Pieces between two damages: at least enough for both devices to come to the relay and to each other again. */
const PIECES_BETWEEN = { least: 60, more: 60 } as const

/** `random`: a whole number from 0, below the one given. */
export function createHostileWire(random: (below: number) => number): HostileWire {
  const done = new Map<Damage, number>()
  const closing: (() => Promise<void>)[] = []
  let isHostile = false
  let piecesLeft: number = PIECES_BETWEEN.least

  async function before(address: string): Promise<string> {
    const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from)
        from.setNoDelay(true)
        pass(from, to)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    const at = server.address()
    if (at === null || typeof at === 'string') throw new Error('a port expected')
    return address.replace(/\/tcp\/\d+/, `/tcp/${at.port}`)
  }

  /** One direction of a connection, piece by piece. */
  function pass(from: Socket, to: Socket): void {
    let held: Buffer | undefined
    from.on('data', (piece) => {
      const damage = isHostile ? nextDamage() : undefined
      const pieces = damage === 'swap' && held === undefined ? [] : damaged(damage, piece)
      for (const one of pieces) to.write(one)
      if (held !== undefined) to.write(held)
      held = pieces.length === 0 && damage === 'swap' ? piece : undefined
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }

  function nextDamage(): Damage | undefined {
    if (--piecesLeft > 0) return undefined
    piecesLeft = PIECES_BETWEEN.least + random(PIECES_BETWEEN.more)
    const damage = DAMAGES[random(DAMAGES.length)]
    if (damage !== undefined) done.set(damage, (done.get(damage) ?? 0) + 1)
    return damage
  }

  function damaged(damage: Damage | undefined, piece: Buffer): readonly Buffer[] {
    switch (damage) {
      case 'flip': {
        const copy = Buffer.from(piece)
        const at = random(copy.length)
        copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
        return [copy]
      }
      case 'drop':
        return []
      case 'repeat':
        return [piece, piece]
      default:
        return [piece]
    }
  }

  return {
    before,
    damage: () => {
      isHostile = true
    },
    pause: () => {
      isHostile = false
    },
    done,
    [Symbol.asyncDispose]: async () => void (await Promise.all(closing.map((close) => close()))),
  }
}
