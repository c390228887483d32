import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { ACCOUNT, deliveryState, LAPTOP, message, messageId, PHONE } from '../test/fake-device.ts'
import { type FakeLibrary, fakeLibrary } from '../test/fake-node.ts'
import { run, start, temporaryFolder } from '../test/terminal.ts'

/** Documents whose shell samples people copy. */
const DOCUMENTS = ['../README.md', '../../../docs/guides/cli.md']

/** Every command in the shell samples of a document. */
async function samples(document: string): Promise<readonly string[]> {
  const text = await readFile(fileURLToPath(new URL(document, import.meta.url)), 'utf8')
  return [...text.matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) =>
      line
        .replace(/\s+#.*$/, '')
        .replace(/^.*\| /, '')
        .trim(),
    )
    .filter((line) => line.startsWith('kith '))
}

/** The words of a command, as a shell would part them. */
function words(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain ?? '')
    .slice(1)
}

/** Chooses the home here, whatever the sample says. */
function withHome(argv: readonly string[], home: string): readonly string[] {
  const at = argv.indexOf('--home')
  return [...(at === -1 ? argv : argv.toSpliced(at, 2)), '--home', home]
}

const library = (): FakeLibrary =>
  fakeLibrary((fake) => {
    fake.linkStates = [{ state: 'done', account: ACCOUNT, device: LAPTOP }]
    fake.nearby = [{ device: PHONE, name: 'phone', kind: 'cli' }]
    fake.messages = [message({ message: messageId('k3v7qa'), starred: true })]
    fake.deliveries = [deliveryState({ reached: 1, of: 1, state: 'reached' })]
  })

test.each(DOCUMENTS)('every command in %s does what it says: exit 0', async (document) => {
  const commands = await samples(document)
  expect(commands.length).toBeGreaterThan(5)
  for (const command of commands) {
    const home = await temporaryFolder()
    const argv = words(command)
    const upArgv = argv[0] === 'up' ? argv : ['up']
    const up = start([...withHome(upArgv, home), '--json'], { library: library() })
    await eventually(() => up.out()).toContain('"ready"')
    if (argv[0] !== 'up') await expectOk(command, withHome(argv, home))
    up.signal('SIGTERM')
    expect(await up.ended, command).toBe(0)
  }
})

async function expectOk(command: string, argv: readonly string[]): Promise<void> {
  const seat = { tty: true, answers: ['y'], stdin: 'text' }
  if (!argv.includes('--follow')) {
    const { code, err } = await run(argv, seat)
    expect(code, `${command}: ${err()}`).toBe(0)
    return
  }
  const following = start(argv, seat)
  await eventually(() => following.out()).not.toBe('')
  following.signal('SIGINT')
  expect(await following.ended, command).toBe(130)
}
