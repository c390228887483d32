import type { AccountId, DeviceId, MessageId, Party } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { type Staged, stagedOps } from '../staged.ts'
import { createRecentMap } from '../store/recent-map.ts'
import type { Tables } from '../tables.ts'

/** One device of the recipient has a message on its disk. */
export interface Reached {
  readonly message: MessageId
  readonly device: DeviceId
}

/** What is known of a message among the devices of its recipient. */
export interface Progress {
  /** Devices that have it on their disk, of those that are in now (DEL-13). */
  readonly reached: readonly DeviceId[]
  /** When the first of them said that it was shown, ms since 1970 UTC. */
  readonly readAt?: number
}

/** `detail` by event name. */
export interface DeliveryEvents {
  'delivery:changed': { readonly message: MessageId }
}

/** Which devices of the recipient hold which of our messages, and which have shown them. */
export interface Delivery {
  readonly events: TypedEvents<DeliveryEvents>
  stateOf(message: MessageId, recipient: AccountId): Promise<Progress>
  /** Of many at once, as when history comes: asked of the disk together, and not kept at hand. */
  statesOf(messages: readonly MessageId[], recipient: AccountId): Promise<readonly Progress[]>
  /** Part of the batch in which this device writes a message: nobody has it, which the disk need not be asked. */
  stageWritten(message: MessageId): Staged
  /** From acks, and from siblings; `placed`: messages whose places tell it on the disk (DEL-70). */
  stage(reached: readonly Reached[], placed?: ReadonlySet<MessageId>): Staged
  /** From a receipt of `reader`; `at` is its time, ms since 1970 UTC (DEL-45). */
  stageRead(reader: Party, messages: readonly MessageId[], at: number): Staged
  /** Something of these is another than before: their states are asked for again. */
  recount(messages: readonly MessageId[]): void
}

/** Messages whose state is kept in memory; some 100 bytes each. */
const MAX_RECENT = 4096
/** Messages of a history that are about to be told of: a frame of them is some 700. */
const MAX_PLACED = 1024

/** Opens the delivery states on disk. */
export function openDelivery(context: DeviceContext, logs: DeviceLogs): Delivery {
  const { tables } = context
  const events = createEvents<DeliveryEvents>()
  /** Messages on their way are asked for at each ack; the newest are kept at hand. */
  const recent = new Map<MessageId, Promise<Known>>()
  /** Who has what was placed last: it is told of at once, and not read again for that. */
  const placedLately = createRecentMap<MessageId, readonly DeviceId[]>(MAX_PLACED)

  function knownOf(message: MessageId): Promise<Known> {
    return recent.get(message) ?? keep(message, readKnown(message))
  }

  function keep(message: MessageId, known: Promise<Known>): Promise<Known> {
    recent.set(message, known)
    // What could not be read is read again by whoever asks next.
    known.catch(() => recent.delete(message))
    const [oldest] = recent.keys()
    if (recent.size > MAX_RECENT && oldest) recent.delete(oldest)
    return known
  }

  async function readKnown(message: MessageId): Promise<Known> {
    const known = nothingKnown()
    const range = { prefix: [message] } as const
    for (const device of await readReached(tables, message)) known.reached.add(device)
    for await (const [[, account, device], at] of tables.reads.entries(range)) {
      noteRead(known, { account, device }, at)
    }
    return known
  }

  /** Also while it is being read: an ack that comes meanwhile is not forgotten. */
  function note(message: MessageId, change: (known: Known) => void): void {
    void recent.get(message)?.then(change, () => recent.delete(message))
  }

  async function stateOf(message: MessageId, recipient: AccountId): Promise<Progress> {
    return progressOf(await knownOf(message), recipient)
  }

  async function statesOf(
    messages: readonly MessageId[],
    recipient: AccountId,
  ): Promise<readonly Progress[]> {
    const atHand = await Promise.all(messages.map((message) => recent.get(message)))
    const others = await readMany(
      messages.filter((_, at) => atHand[at] === undefined),
      recipient,
    )
    return messages.map((message, at) =>
      progressOf(atHand[at] ?? others.get(message) ?? nothingKnown(), recipient),
    )
  }

  /** Asked of the disk together. */
  async function readMany(
    messages: readonly MessageId[],
    recipient: AccountId,
  ): Promise<ReadonlyMap<MessageId, Known>> {
    const devices = [...(logs.get(recipient)?.devices.keys() ?? [])]
    const asked = messages.flatMap((message) => devices.map((device) => ({ message, device })))
    const [placed, reached, reads] = await Promise.all([
      readPlaced(messages),
      tables.reached.getMany(asked.map(({ message, device }) => [message, device])),
      tables.reads.getMany(asked.map(({ message, device }) => [message, recipient, device])),
    ])
    const known = new Map(messages.map((message) => [message, nothingKnown(placed.get(message))]))
    for (const [at, { message, device }] of asked.entries()) {
      const one = known.get(message)
      if (one && reached[at]) one.reached.add(device)
      const readAt = reads[at]
      if (one && readAt !== undefined) noteRead(one, { account: recipient, device }, readAt)
    }
    return known
  }

  /** Devices that the places tell of. */
  async function readPlaced(
    messages: readonly MessageId[],
  ): Promise<ReadonlyMap<MessageId, readonly DeviceId[]>> {
    const placed = new Map<MessageId, readonly DeviceId[]>()
    for (const message of messages) {
      const devices = placedLately.get(message)
      if (devices) placed.set(message, devices)
    }
    const asked = messages.filter((message) => !placed.has(message))
    const places = await tables.contentPlaces.getMany(asked)
    for (const [at, message] of asked.entries()) placed.set(message, places[at]?.reached ?? [])
    return placed
  }

  function progressOf({ reached, readAt }: Known, recipient: AccountId): Progress {
    // A device that is out does not count: nobody waits for it, and nobody relies on it (DEL-13).
    const devices = logs.devicesOf(recipient).filter((device) => reached.has(device))
    const firstRead = readAt.get(recipient)
    return { reached: devices, ...(firstRead === undefined ? {} : { readAt: firstRead }) }
  }

  function stage(reached: readonly Reached[], placed?: ReadonlySet<MessageId>): Staged {
    const rows = placed ? reached.filter(({ message }) => !placed.has(message)) : reached
    const ops = rows.map(({ message, device }) => tables.reached.put([message, device], true))
    return {
      ...stagedOps(...ops),
      publish: () => {
        for (const { message, device } of reached) {
          note(message, (known) => known.reached.add(device))
        }
        if (placed) keepPlaced(reached.filter(({ message }) => placed.has(message)))
        recount(reached.map(({ message }) => message))
      },
    }
  }

  function keepPlaced(reached: readonly Reached[]): void {
    for (const [message, of] of Map.groupBy(reached, (one) => one.message)) {
      const devices = of.map(({ device }) => device)
      placedLately.set(message, devices)
    }
  }

  function stageWritten(message: MessageId): Staged {
    return {
      ops: () => [],
      publish: () => void (recent.has(message) || keep(message, Promise.resolve(nothingKnown()))),
    }
  }

  function stageRead(reader: Party, messages: readonly MessageId[], at: number): Staged {
    const { account, device } = reader
    const ops = messages.map((message) => tables.reads.put([message, account, device], at))
    return {
      ...stagedOps(...ops),
      publish: () => {
        for (const message of messages) note(message, (known) => noteRead(known, reader, at))
        recount(messages)
      },
    }
  }

  function recount(messages: readonly MessageId[]): void {
    for (const message of new Set(messages)) events.emit('delivery:changed', { message })
  }

  return { events, stateOf, statesOf, stageWritten, stage, stageRead, recount }
}

interface Known {
  readonly reached: Set<DeviceId>
  /** The earliest receipt of each account. */
  readonly readAt: Map<AccountId, number>
}

function nothingKnown(reached: readonly DeviceId[] = []): Known {
  return { reached: new Set(reached), readAt: new Map() }
}

/** Devices that have a message, by the disk: those its place tells of, and those heard of since (DEL-70). */
export async function readReached(
  { contentPlaces, reached }: Pick<Tables, 'contentPlaces' | 'reached'>,
  message: MessageId,
): Promise<readonly DeviceId[]> {
  const devices = new Set((await contentPlaces.get(message))?.reached)
  for await (const [[, device]] of reached.entries({ prefix: [message] })) devices.add(device)
  return [...devices]
}

/** Who has shown a message has it: its ack may have been lost, or be on its way from a sibling. */
function noteRead(known: Known, { account, device }: Party, at: number): void {
  known.reached.add(device)
  known.readAt.set(account, Math.min(at, known.readAt.get(account) ?? at))
}
