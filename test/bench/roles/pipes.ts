import { now } from '../clock.ts'
import type { Pipe, Receiver, Sender, Start } from '../contenders/contender.ts'

/** What the end that is dialled is asked. */
export interface ReceiverRole {
  start(options: Start): Promise<string>
  /** Until somebody came. */
  taken(): Promise<void>
  /** Gives back whatever comes, until it is told to count. */
  echo(): void
  /** From now on only counts; to be asked before {@link ReceiverRole.received}. */
  count(): void
  /** When so many bytes had come since it counts, by the clock all processes share. */
  received(bytes: number): Promise<number>
  stopReading(): void
}

/** What the end that dials is asked. */
export interface SenderRole {
  warm(): Promise<void>
  start(options: Start): Promise<void>
  /** Milliseconds of each of so many small messages there and back. */
  pings(count: number): Promise<readonly number[]>
  /** Sends so many bytes as quickly as they are taken; when it began. */
  blast(bytes: number): Promise<number>
  /** Sends until nothing is taken for a second; the bytes that were. */
  blastUntilFull(most: number): Promise<number>
}

/** Makes the measuring part of the dialled end. */
export function openReceiver(receiver: Receiver): ReceiverRole {
  const here = Promise.withResolvers<Pipe>()
  let pipe: Pipe | undefined
  let isEcho = true
  let come = 0
  let wanted: { readonly bytes: number; met(at: number): void } | undefined
  const look = (): void => {
    if (wanted === undefined || come < wanted.bytes) return
    wanted.met(now())
    wanted = undefined
  }
  const onBytes = (bytes: Uint8Array): void => {
    if (isEcho) return void pipe?.write(Uint8Array.from(bytes))
    come += bytes.byteLength
    look()
  }
  return {
    start: (options) =>
      receiver.start(options, (taken) => {
        pipe = taken
        taken.onBytes(onBytes)
        here.resolve(taken)
      }),
    taken: async () => void (await here.promise),
    echo: () => {
      isEcho = true
    },
    count: () => {
      isEcho = false
      come = 0
    },
    received: (bytes) =>
      new Promise((met) => {
        wanted = { bytes, met }
        look()
      }),
    stopReading: () => pipe?.stopReading(),
  }
}

/** The largest piece that is handed over at once, as a device does (rule NET-13). */
const PIECE: Uint8Array = crypto.getRandomValues(new Uint8Array(64 * 1024))
const PING: Uint8Array = PIECE.subarray(0, 64)
/** Whoever takes nothing for so long is full. */
const FULL_MS = 1_000

/** Makes the measuring part of the dialling end. */
export function openSender(sender: Sender): SenderRole {
  let pipe: Pipe | undefined
  let answered: () => void = () => undefined
  const opened = (): Pipe => {
    if (pipe === undefined) throw new Error('not started')
    return pipe
  }
  const ping = async (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    answered = resolve
    const began = now()
    opened().write(PING)
    await promise
    return now() - began
  }
  return {
    warm: async () => sender.warm?.(),
    start: async (options) => {
      pipe = await sender.start(options)
      let come = 0
      pipe.onBytes((bytes) => {
        come += bytes.byteLength
        if (come < PING.byteLength) return
        come -= PING.byteLength
        answered()
      })
    },
    pings: async (count) => {
      const times: number[] = []
      while (times.length < count) times.push(await ping())
      return times
    },
    blast: async (bytes) => {
      const began = now()
      for (let sent = 0; sent < bytes; sent += PIECE.byteLength) {
        const piece = PIECE.subarray(0, Math.min(PIECE.byteLength, bytes - sent))
        if (!opened().write(piece)) await opened().drained()
      }
      return began
    },
    blastUntilFull: async (most) => {
      let sent = 0
      for (; sent < most; sent += PIECE.byteLength) {
        if (opened().write(PIECE)) continue
        if ((await within(opened().drained(), FULL_MS)) === 'late') break
      }
      return sent
    },
  }
}

async function within(work: Promise<void>, ms: number): Promise<'in time' | 'late'> {
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), ms)
  const inTime = work.then((): 'in time' => 'in time')
  return Promise.race([inTime, late.promise]).finally(() => clearTimeout(timer))
}
