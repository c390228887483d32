import type { Way } from './session-pair.ts'

/** What a process is told when it starts. */
export interface Start {
  /** What the process before it said of where it can be found; empty for the first. */
  readonly where: string
  /** Records the origin holds, and the sibling lacks. */
  readonly records: number
  /** Where a device of ours keeps its data; the others keep nothing on disk. */
  readonly home: string
}

/** A process that only stands between the two. */
export interface Server {
  start(options: Start): Promise<string>
  /** What the process costs that does the work, when that is not this one. */
  cost?(): Promise<Cost>
}

/** What a process has cost so far. */
export interface Cost {
  /** Milliseconds of processor time, of all cores together. */
  readonly cpu: number
  /** Resident memory now, in bytes. */
  readonly memory: number
}

/** A way of bytes from one process to another. */
export interface Pipe {
  /** False: it is full, and {@link Pipe.drained} tells when it is not. */
  write(bytes: Uint8Array): boolean
  drained(): Promise<void>
  onBytes(listener: (bytes: Uint8Array) => void): void
  /** Reads no more, for good. */
  stopReading(): void
}

/** The end that is dialled. */
export interface Receiver {
  /** Resolves with where it can be found; `taken` is called when somebody came. */
  start(options: Start, taken: (pipe: Pipe) => void): Promise<string>
}

/** The end that dials. */
export interface Sender {
  /** Loads what it would load when it starts, where that is not to be timed. */
  warm?(): Promise<void>
  start(options: Start): Promise<Pipe>
}

/** The device on which somebody edits. */
export interface Origin {
  /** Resolves with where it can be found. */
  start(options: Start): Promise<string>
  /** The `n`th edit of this run, counted from 1. May resolve when the edit is safe. */
  edit(n: number): unknown
  /** The same of a thing that no other edit touches: each is told, however many come at once. Needed where `edit` is not so. */
  editApart?(n: number): unknown
}

/** What a sibling noticed. */
export interface Sights {
  /** A record it did not have; the same key may be told again. */
  record(key: string): void
  /** The `n`th edit. */
  edit(n: number): void
}

/** The other device of the same person. */
export interface Sibling {
  /** Called once; how long it takes until everything is there is what a backlog measures. */
  start(options: Start, sights: Sights): Promise<void>
}

/** What a talker hears. */
export interface Hearing {
  received(text: string): void
  /** The other side has the message that `send` gave this name. */
  acked(name: string): void
}

/** One of two accounts that talk. */
export interface Talker {
  start(options: Start, hearing: Hearing): Promise<string>
  /** Resolves when the message is as safe on this side as the contender makes it. */
  send(text: string): Promise<string>
}

/** A new device. */
export interface Newcomer {
  /** Resolves with the code it shows; later, `arrived` is told how many more messages of the account it has. */
  start(options: Start, arrived?: (messages: number) => void): Promise<string>
}

/** The device that reads a code. */
export interface Linker {
  start(options: Start): Promise<string>
  /** Resolves when both belong together. */
  link(code: string): Promise<void>
}

/** What some of a way cost, in milliseconds. */
export interface Spent {
  /** By the machine's clock. */
  readonly wall: number
  /** Of all cores together, on every thread of the process that did it. */
  readonly cpu: number
}

/** Both devices of a pair and the watch beside them: nothing but their sessions is timed. */
export interface TimedPair {
  start(): Promise<void>
  run(way: Way, count: number): Promise<Spent>
}

/** How much an {@link Archive} is filled with. */
export interface ArchiveShape {
  readonly contacts: number
  /** Made one after the other, once the contacts are there. */
  readonly edits: number
}

/** Account data at rest, in memory. */
export interface Archive {
  /** Resolves with the bytes of all that is kept. */
  fill(shape: ArchiveShape): Promise<number>
  /** Reads it as a device does that starts: resolves when it can be used, with what proves it. */
  load(): Promise<{ readonly contacts: number; close(): Promise<void> }>
}

/** A program as a person starts it. */
export interface Program {
  /** Makes what it finds when it is started anew, in an empty folder; resolves with how it is started. */
  prepare(home: string): Promise<Launch>
}

/** How a program is started. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Resolves when it does its work; `said` waits for a line on its stdout. */
  ready(said: (pattern: RegExp) => Promise<void>): Promise<void>
}

/** One thing that is measured: how to make each of its processes. */
export interface Contender {
  readonly server?: () => Server
  readonly origin?: () => Origin
  readonly sibling?: () => Sibling
  readonly asker?: () => Talker
  readonly answerer?: () => Talker
  readonly newcomer?: () => Newcomer
  readonly linker?: () => Linker
  readonly pair?: () => TimedPair
  readonly archive?: () => Archive
  readonly receiver?: () => Receiver
  readonly sender?: () => Sender
  readonly program?: () => Program
}

/** Each process that does what it is asked is one of these. */
export type Role = Exclude<keyof Contender, 'program'>

/** What all contenders but ours keep: a key like a message id, and a number that an edit replaces. */
export function recordKey(index: number): string {
  return `m${index.toString(36).padStart(26, '0')}`
}

/** The record that the `n`th edit replaces, of `records`: each in its turn, spread over all. */
export function editedKey(n: number, records: number): string {
  return recordKey((n * STEP) % records)
}

/** A prime larger than any number of records: it shares no factor with one. */
const STEP = 15_485_863
