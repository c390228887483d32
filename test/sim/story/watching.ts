/** What is held against devices while they run, at the moment at which somebody is told something (SIM-10). */

import type { KithNode } from '@kithmesh/node'
import { envelopeCodec } from '@kithmesh/protocol'
import { toRecipientCodec } from '../../../packages/node/src/delivery/message-wire.ts'
import { INVARIANTS } from './invariant-names.ts'
import type { Actor, Stage } from './stage.ts'

const [, , , , , , , , , ON_DISK, ONE_KEY] = INVARIANTS

/** Notes what a person sees appear, and looks whether the disks have it. */
export function watch(stage: Stage, actor: Actor, node: KithNode): void {
  const note = ({ detail }: CustomEvent<{ readonly text: string }>): void => {
    actor.appeared.set(detail.text, (actor.appeared.get(detail.text) ?? 0) + 1)
    if (!isOnDisk(actor, detail.text)) tell(`"${detail.text}" appears on ${actor.name}`)
  }
  node.addEventListener('message:received', note)
  node.addEventListener('message:sent', (event) => {
    stage.texts.set(event.detail.message, event.detail.text)
    note(event)
  })
  node.addEventListener('message:delivery', ({ detail: { message, delivery } }) => {
    const text = stage.texts.get(message)
    const sent = stage.sent.find((one) => one.text === text)
    if (sent === undefined || delivery.reached === 0) return
    const have = stage.actors.filter(
      (one) => one.account === sent.to && isOnDisk(one, sent.text),
    ).length
    if (have < delivery.reached) {
      tell(`"${sent.text}" has reached ${delivery.reached} for ${actor.name}, ${have} have it`)
    }
  })
  function tell(how: string): void {
    stage.broken.push({ invariant: ON_DISK, how })
  }
}

/** Whether a text stands on a disk: values are written as they are there (SIM-6). Mostly it is the newest. */
export function isOnDisk({ values }: Pick<Actor, 'values'>, text: string): boolean {
  // Behind its length, as CBOR writes it: `ada/phone 1` is no part of `ada/phone 12`.
  const wanted = Buffer.concat([cborHead(Buffer.byteLength(text)), Buffer.from(text)])
  return (
    values.findLastIndex((value) =>
      Buffer.from(value.buffer, value.byteOffset, value.length).includes(wanted),
    ) >= 0
  )
}

function cborHead(length: number): Uint8Array {
  return length < 24 ? Uint8Array.of(0x60 + length) : Uint8Array.of(0x78, length)
}

/**
 * Looks at envelopes on the wire: a number of a chain has one key, and may seal one message (SES-11). Sent again it
 * is the same, byte for byte (DEL-4).
 */
export function watchKeys(
  broken: Stage['broken'],
  nameOf: (peer: string) => string,
): (from: string, to: string, frame: Uint8Array) => void {
  const sealedBy = new Map<string, string>()
  return (from, to, frame) => {
    const said = readOr(() => toRecipientCodec.decode(frame))
    if (said?.kind !== 'envelope') return
    const envelope = readOr(() => envelopeCodec.decode(said.envelope))
    if (envelope === undefined) return
    const { ratchetKey, number } = envelope.header
    const key = `${to} ${hex(ratchetKey)} ${number}`
    const sealed = hex(envelope.message.commitment)
    if ((sealedBy.get(key) ?? sealed) !== sealed) {
      const how = `${nameOf(from)} seals message ${number} of a chain twice for ${nameOf(to)}`
      broken.push({ invariant: ONE_KEY, how })
    }
    sealedBy.set(key, sealed)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Frames of the other direction are no envelopes. */
function readOr<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
