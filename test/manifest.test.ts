import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dressed, undressed } from '../publish/manifest.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly files?: readonly string[]
  readonly engines?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface Locked {
  readonly license?: string
}

const published = [
  'packages/protocol',
  'packages/sync',
  'packages/net',
  'packages/node',
  'packages/cli',
  'relay-node',
]
const internal = ['demo', 'test', 'test/bench']

const text = (folder: string): string =>
  readFileSync(new URL(`../${folder}/package.json`, import.meta.url), 'utf8')
const manifest = (folder: string): Manifest => JSON.parse(text(folder))

describe.each(published)('%s as it is published', (folder) => {
  test('it states the Node it needs and carries both licences', () => {
    const { engines, files, license } = dressed(JSON.parse(text(folder)))
    expect(engines).toEqual({ node: '>=22.12' })
    expect(files).toEqual(expect.arrayContaining(['dist', 'LICENSE-MIT', 'LICENSE-APACHE']))
    expect(license).toBe('MIT OR Apache-2.0')
  })

  test('packing leaves no trace in the workspace', () => {
    const back = undressed(dressed(JSON.parse(text(folder))))
    expect(`${JSON.stringify(back, null, 2)}\n`).toBe(text(folder))
  })

  test('it is dressed when it is packed', () => {
    const { scripts } = manifest(folder)
    expect(scripts?.['prepack']).toMatch(/^node (\.\.\/)+publish\/manifest\.ts dress$/)
    expect(scripts?.['postpack']).toMatch(/^node (\.\.\/)+publish\/manifest\.ts undress$/)
  })
})

test.each(internal)('%s is never published', (folder) => {
  expect(manifest(folder).private).toBe(true)
})

test.each([...published, ...internal])(
  '%s installs without a warning on an older Node',
  (folder) => {
    expect(manifest(folder).engines).toBeUndefined()
  },
)

test.each([...published, ...internal, '.'])('%s pins its dependencies exactly', (folder) => {
  const { dependencies, devDependencies } = manifest(folder)
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  )
  expect(loose).toEqual([])
})

test('what is under the AGPL runs in the benchmark alone and is never shipped', () => {
  const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
    readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
  )
  const under = Object.entries(lock.packages).filter(([, { license }]) =>
    /AGPL/.test(license ?? ''),
  )
  expect(under).toEqual([
    ['node_modules/@signalapp/libsignal-client', expect.objectContaining({ dev: true })],
  ])
  const users = [...published, ...internal, '.'].filter((folder) => {
    const { dependencies, devDependencies } = manifest(folder)
    return '@signalapp/libsignal-client' in { ...dependencies, ...devDependencies }
  })
  expect(users).toEqual(['test/bench'])
})

test('all packages share one version', () => {
  const versions = published.map((folder) => manifest(folder).version)
  expect(new Set(versions).size).toBe(1)
})

test('the licences stand at the root', () => {
  for (const file of ['LICENSE', 'LICENSE-MIT', 'LICENSE-APACHE']) {
    expect(existsSync(new URL(`../${file}`, import.meta.url)), file).toBe(true)
  }
})
