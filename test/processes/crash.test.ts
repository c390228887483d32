import { expect, test } from 'vitest'
import { createStage, type Home, type Stage, WAIT } from './stage.ts'

const STORY_MS = 90_000
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0'] as const

/** What one device says to a contact, in numbered texts. */
interface Flow {
  /** Texts whose `sent` was printed: they are on the disk of the device that sent them. */
  readonly acknowledged: readonly string[]
  /** Says a few, one after another; `onSent` hears of each that was acknowledged. */
  say(onSent: () => void): Promise<void>
}

/** Texts each device says while another one is killed: some before, some after. */
const TEXTS_PER_KILL = 3

function createFlow(from: Home, to: string, word: string): Flow {
  const acknowledged: string[] = []
  let number = 0
  return {
    acknowledged,
    say: async (onSent) => {
      for (let said = 0; said < TEXTS_PER_KILL; said++) {
        const text = `${word} ${++number}`
        const { events } = await from.kith('send', to, text)
        if (!events.some(({ event }) => event === 'sent')) continue
        acknowledged.push(text)
        onSent()
      }
    },
  }
}

/** Everything arrived, once; what one side sent stands in the order in which it was sent. */
async function expectAll(at: Home, contact: string, flows: readonly Flow[]): Promise<void> {
  const expected = flows.flatMap(({ acknowledged }) => acknowledged)
  await expect
    .poll(async () => {
      const texts = new Set(await at.texts(contact))
      return expected.filter((text) => !texts.has(text))
    }, WAIT)
    .toEqual([])
  const texts = await at.texts(contact)
  expect(texts.length).toBe(new Set(texts).size)
  for (const { acknowledged } of flows) {
    const own = new Set(acknowledged)
    expect(texts.filter((text) => own.has(text))).toEqual(acknowledged)
  }
}

interface Story {
  readonly stage: Stage
  readonly phone: Home
  readonly laptop: Home
  readonly ben: Home
}

/** Ada's phone and laptop, and Ben's tablet. */
async function story(stage: Stage, flags: readonly string[]): Promise<Story> {
  const [phone, ben, laptop] = await Promise.all([
    stage.home('phone', 'ready', flags),
    stage.home('tablet', 'ready', flags),
    stage.home('laptop', 'link-code', flags),
  ])
  await stage.link(phone, laptop)
  await stage.acquaint(phone, ben, { inviter: 'Ada', adder: 'Ben' })
  await expect
    .poll(() => laptop.kith('contacts').then(({ events }) => events), WAIT)
    .toMatchObject([{ name: 'Ben' }])
  return { stage, phone, laptop, ben }
}

/** Kills each in turn while messages flow both ways; nothing acknowledged is lost, nothing comes twice. */
async function killEach(
  { phone, laptop, ben }: Story,
  others: readonly { readonly program: Home['program']; up(): Promise<unknown> }[],
): Promise<void> {
  const flows = [
    createFlow(phone, 'Ben', 'from the phone'),
    createFlow(laptop, 'Ben', 'from the laptop'),
    createFlow(ben, 'Ada', 'from Ben'),
  ]
  for (const victim of [phone, laptop, ben, ...others]) {
    let sent = 0
    const enough = Promise.withResolvers<void>()
    const saying = flows.map((flow) => flow.say(() => ++sent === flows.length && enough.resolve()))
    await Promise.race([enough.promise, Promise.all(saying)])
    await victim.program.kill('SIGKILL')
    await Promise.all([victim.up(), ...saying])
  }
  expect(flows.map(({ acknowledged }) => acknowledged.length > TEXTS_PER_KILL)).not.toContain(false)

  for (const [at, contact] of [
    [phone, 'Ben'],
    [laptop, 'Ben'],
    [ben, 'Ada'],
  ] as const) {
    await expectAll(at, contact, flows)
  }
  for (const home of [phone, laptop, ben]) {
    await expect
      .poll(() => home.ask('status', 'status').then(({ pending }) => pending), WAIT)
      .toBe(0)
  }
}

test(
  'DEL-2 E2 kill -9 of each device and of the relay while messages flow: nothing lost, nothing twice',
  async () => {
    await using stage = await createStage()
    const relay = await stage.relay()
    const cast = await story(stage, [...LOCAL, '--no-lan', '--relay', relay.address])
    await killEach(cast, [relay])

    // The author is gone: what it wrote is on its sibling.
    const [first = ''] = await cast.phone.texts('Ben')
    await cast.phone.program.kill('SIGKILL')
    expect(await cast.laptop.texts('Ben')).toContain(first)
  },
  STORY_MS,
)

test(
  'DEL-2 E2 the same without any relay, over the local network and with nothing configured',
  async () => {
    await using stage = await createStage()
    await killEach(await story(stage, []), [])
  },
  STORY_MS,
)
