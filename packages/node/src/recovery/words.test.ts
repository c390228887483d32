import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { createDevices } from '../../test/devices.ts'
import { writeNewAccount } from '../account/account.ts'
import { createNode } from '../index.ts'
import { openRecoveryWords, type RecoveryWords } from './words.ts'

interface Kept {
  readonly context: TestContext
  readonly words: RecoveryWords
}

async function newAccount(home?: string): Promise<Kept> {
  const context = await openContext(home === undefined ? {} : { home })
  onTestFinished(() => context.store.close())
  await writeNewAccount(context)
  return { context, words: await openRecoveryWords(context) }
}

async function rightAnswers({ words }: Kept): Promise<{ place: number; word: string }[]> {
  const shown = await words.show()
  const places = await words.challenge()
  return places.map((place) => ({ place, word: shown[place - 1] ?? 'none' }))
}

describe('REC-1 the recovery words of an account', () => {
  test('REC-1: are 12 and the same every time they are shown', async () => {
    const { words } = await newAccount()
    expect(await words.state()).toBe('kept')
    const shown = await words.show()
    expect(shown).toHaveLength(12)
    expect(await words.show()).toEqual(shown)
  })

  test('REC-1: are on the device that made the account and on no other', async () => {
    const devices = createDevices()
    const [phone, laptop] = [
      await devices.start('phone'),
      await devices.start('laptop', { newDevice: true }),
    ]
    await expect(laptop.recovery.state()).rejects.toMatchObject({ code: 'ERR_NO_ACCOUNT' })
    const offer = await laptop.linking.offer()
    await phone.devices.link(offer.code, { confirm: async () => true })
    expect(await phone.recovery.state()).toBe('kept')
    await expect.poll(() => laptop.account).toBeDefined()
    expect(await laptop.recovery.state()).toBe('absent')
    await expect(laptop.recovery.show()).rejects.toMatchObject({ code: 'ERR_WORDS_GONE' })
    await expect(laptop.recovery.challenge()).rejects.toMatchObject({ code: 'ERR_WORDS_GONE' })
  })
})

describe('REC-3 confirming', () => {
  test('REC-3: asks for three different places that stay until they are answered', async () => {
    const { words } = await newAccount()
    const places = await words.challenge()
    expect(new Set(places).size).toBe(3)
    expect(await words.challenge()).toEqual(places)
    const seen = new Set<number>(places)
    for (let again = 0; again < 60; again++) {
      await words.show()
      await words.confirm([]).catch(() => undefined)
      for (const place of await words.challenge()) seen.add(place)
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  test('REC-3: three right words in any case, and the words are gone', async () => {
    const kept = await newAccount()
    const answers = await rightAnswers(kept)
    const typed = answers.map(({ place, word }) => ({ place, word: ` ${word.toUpperCase()} ` }))
    await kept.words.confirm(typed.reverse())
    expect(await kept.words.state()).toBe('confirmed')
    await expect(kept.words.show()).rejects.toMatchObject({ code: 'ERR_WORDS_GONE' })
    await expect(kept.words.confirm(answers)).rejects.toMatchObject({ code: 'ERR_WORDS_GONE' })
  })

  test.each([
    [
      'one wrong word',
      (right: Answers) => right.map((one, at) => (at === 1 ? { ...one, word: 'zoo' } : one)),
    ],
    ['two of three', (right: Answers) => right.slice(1)],
    ['one place three times', (right: Answers) => right.map(() => right[0] ?? none)],
    [
      'all places swapped',
      (right: Answers) =>
        right.map((one, at) => ({ ...one, word: right[(at + 1) % 3]?.word ?? '' })),
    ],
    ['nothing', () => []],
  ])('REC-4: %s erases nothing and asks for other places', async (_, change) => {
    const kept = await newAccount()
    const right = await rightAnswers(kept)
    if (new Set(right.map(({ word }) => word)).size < 3) return
    const wrong = kept.words.confirm(change(right))
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_WORDS_WRONG' })
    expect(await kept.words.state()).toBe('kept')
    const message = await wrong.catch((error: unknown) => String(error))
    for (const { word } of right) expect(message).not.toContain(word)
  })

  test('REC-4: the answer to earlier places is none to the places asked for now', async () => {
    const kept = await newAccount()
    const right = await rightAnswers(kept)
    await kept.words.confirm([]).catch(() => undefined)
    let places = await kept.words.challenge()
    while (places.join() === right.map(({ place }) => place).join()) {
      await kept.words.show()
      await kept.words.confirm([]).catch(() => undefined)
      places = await kept.words.challenge()
    }
    await expect(kept.words.confirm(right)).rejects.toMatchObject({ code: 'ERR_WORDS_WRONG' })
  })

  test('REC-4: after five wrong answers the words must be looked at again', async () => {
    const kept = await newAccount()
    for (let at = 0; at < 5; at++) {
      await kept.words.challenge()
      await expect(kept.words.confirm([])).rejects.toMatchObject({ code: 'ERR_WORDS_WRONG' })
    }
    await expect(kept.words.challenge()).rejects.toMatchObject({ code: 'ERR_WORDS_TRIES' })
    await expect(kept.words.confirm([])).rejects.toMatchObject({ code: 'ERR_WORDS_TRIES' })
    await kept.words.confirm(await rightAnswers(kept))
    expect(await kept.words.state()).toBe('confirmed')
  })

  test('REC-4: two answers at the same time are one try each', async () => {
    const kept = await newAccount()
    const right = await rightAnswers(kept)
    const both = await Promise.allSettled([kept.words.confirm([]), kept.words.confirm(right)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await kept.words.state()).toBe('kept')
  })
})

type Answers = readonly { readonly place: number; readonly word: string }[]
const none = { place: 1, word: '' }

describe('REC-5 erasing', () => {
  test('REC-5: the bytes of the sealed entropy leave every file of the home', async () => {
    const home = await mkdtemp(join(tmpdir(), 'kith-words-'))
    onTestFinished(() => rm(home, { recursive: true, force: true }))
    const kept = await newAccount(home)
    const answers = await rightAnswers(kept)
    await kept.context.store.close()
    const before = await storedValues(home)
    const context = await openContext({ home })
    const words = await openRecoveryWords(context)
    const asked = await words.challenge()
    const shown = await words.show()
    await words.confirm(asked.map((place) => ({ place, word: shown[place - 1] ?? '' })))
    expect(answers).toHaveLength(3)
    await context.store.close()

    const after = await storedValues(home)
    const gone = before.filter((value) => !after.some((other) => other.equals(value)))
    // The account record and the ledger, at least.
    expect(gone.length).toBeGreaterThanOrEqual(2)
    const files = await filesOf(join(home, 'data'))
    // The scan finds what is there: the values that stayed.
    expect(after.every((value) => files.some((file) => file.includes(value)))).toBe(true)
    for (const value of gone) expect(files.some((file) => file.includes(value))).toBe(false)
  })

  test('REC-5: what a crash left is erased at the next start', async () => {
    const kept = await newAccount()
    let compactions = 0
    const { store } = kept.context
    const watched = new Proxy(store, {
      get: (target, key) => {
        if (key === 'compact') {
          return async () => {
            compactions += 1
            if (compactions === 1) throw new Error('killed')
            await target.compact()
          }
        }
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const context = { ...kept.context, store: watched }
    const words = await openRecoveryWords(context)
    const shown = await words.show()
    const asked = await words.challenge()
    const answers = asked.map((place) => ({ place, word: shown[place - 1] ?? '' }))
    await expect(words.confirm(answers)).rejects.toThrow('killed')
    const again = await openRecoveryWords(context)
    expect(compactions).toBe(2)
    expect(await again.state()).toBe('confirmed')
    await openRecoveryWords(context)
    expect(compactions).toBe(2)
  })

  test('REC-2 REC-5: the account goes on after its words are gone, also at the next start', async () => {
    const home = await mkdtemp(join(tmpdir(), 'kith-words-'))
    onTestFinished(() => rm(home, { recursive: true, force: true }))
    const node = await createNode({ home, name: 'Ada', lan: false, listen: [] })
    const shown = await node.recovery.show()
    const asked = await node.recovery.challenge()
    await node.recovery.confirm(asked.map((place) => ({ place, word: shown[place - 1] ?? '' })))
    const { account } = node
    await node.stop()
    const again = await createNode({ home, lan: false, listen: [] })
    onTestFinished(() => again.stop())
    expect(again.account).toBe(account)
    expect(await again.recovery.state()).toBe('confirmed')
  })
})

/** Every value as it stands in the database, long enough not to be found by chance. */
async function storedValues(home: string): Promise<readonly Buffer[]> {
  const level = new Level<Uint8Array, Uint8Array>(join(home, 'data'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
  })
  const values = await level.values().all()
  await level.close()
  return values.map((value) => Buffer.from(value)).filter(({ length }) => length >= 16)
}

async function filesOf(folder: string): Promise<readonly Buffer[]> {
  return Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
}
