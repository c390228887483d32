/** One of the two devices; Ada starts sessions. */
export type Side = 'ada' | 'ben'

/**
 * Two devices in one process, with nothing between them: what sessions cost by themselves. What goes from one to the
 * other goes as bytes, and either side's session is bytes again after every step, as it has to be on a disk.
 */
export interface SessionPair {
  /** Forgets what both had. Ada starts a session from what Ben gives out, and proves his signatures. */
  begin(): Promise<void>
  seal(by: Side, plaintext: Uint8Array): Promise<Uint8Array>
  open(by: Side, message: Uint8Array): Promise<Uint8Array>
}

/** What a pair is timed with. */
export type Way = 'burst' | 'ping-pong' | 'set-up'

/** Runs `count` of a way; the same for every contender, in Node and in a page. */
export const ways: Readonly<Record<Way, (pair: SessionPair, count: number) => Promise<void>>> = {
  burst: async (pair, count) => {
    await settle(pair)
    for (let left = count; left > 0; left -= AT_ONCE) await burst(pair, Math.min(left, AT_ONCE))
  },
  'ping-pong': async (pair, count) => {
    await settle(pair)
    for (let index = 0; index < count; index++) await say(pair, index % 2 === 0 ? 'ada' : 'ben')
  },
  'set-up': async (pair, count) => {
    for (let index = 0; index < count; index++) {
      await pair.begin()
      await say(pair, 'ada')
    }
  },
}

/** Messages that are sealed before the first of them is opened. */
const AT_ONCE = 500

const TEXT: Uint8Array = new Uint8Array(200).fill(0x68)

/** A session of which both sides know that the other has it. */
async function settle(pair: SessionPair): Promise<void> {
  await pair.begin()
  await say(pair, 'ada')
  await say(pair, 'ben')
}

async function burst(pair: SessionPair, count: number): Promise<void> {
  const messages: Uint8Array[] = []
  while (messages.length < count) messages.push(await pair.seal('ada', TEXT))
  for (const message of messages) prove(await pair.open('ben', message))
}

async function say(pair: SessionPair, from: Side): Promise<void> {
  const message = await pair.seal(from, TEXT)
  prove(await pair.open(from === 'ada' ? 'ben' : 'ada', message))
}

/** Nobody is quick by opening nothing. */
function prove(opened: Uint8Array): void {
  if (opened.length !== TEXT.length) throw new Error('opened something else')
}
