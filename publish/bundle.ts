import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type Plugin, type PreRenderedChunk, rolldown } from 'rolldown'

/**
 * What a command is published as: a few files with all it needs, so that installing it brings no tree of packages and
 * starting it reads no hundreds of files. What is loaded when it is used (WebRTC, a command) is a file of its own, so a
 * start does not pay for it. Native add-ons that npm has for each machine stay outside, as packages. Those of which one
 * package holds the binaries of all machines come along in `dist/prebuilds`, where node-gyp-build finds them beside the
 * file: so no install script of theirs is needed.
 *
 * `node ../publish/bundle.ts kith-relay.js index.js -- ADD-ON… -- PACKAGE… -- NAME=FOLDER…` makes bundles of these files
 * of `dist`, and takes away what they were made from; types stay. `worker.js=../node/dist/worker.js` is made of a file
 * elsewhere. All files of FOLDER become the one file NAME, whenever they are used.
 */
async function bundle(wanted: Wanted): Promise<void> {
  const inputs = wanted.entries.map(({ file, input }) => [file.replace(/\.js$/, ''), input])
  const build = await rolldown({
    input: Object.fromEntries(inputs),
    platform: 'node',
    plugins: [loadedWhenUsed([...wanted.addOns, ...SLOW_BUILTINS])],
    logLevel: 'silent',
  })
  const { output } = await build.generate({
    entryFileNames: '[name].js',
    chunkFileNames: chunkName,
    format: 'esm',
    codeSplitting: { groups: wanted.together.map(groupOf) },
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    banner: REQUIRE,
  })
  await build.close()
  const chunks = output.filter((one) => one.type === 'chunk')
  await clearAway()
  for (const { fileName, code } of chunks) await writeFile(`dist/${fileName}`, inAscii(code))
  for (const name of wanted.prebuilt) {
    const from = new URL(`../node_modules/${name}/prebuilds`, import.meta.url)
    await cp(from, 'dist/prebuilds', { recursive: true })
  }
  const modules = new Set(chunks.flatMap(({ moduleIds }) => moduleIds))
  await writeFile('dist/third-party-licenses.txt', await licensesOf(modules))
}

interface Wanted {
  readonly entries: readonly Entry[]
  /** Packages that stay outside. */
  readonly addOns: readonly string[]
  /** Packages whose binaries come along. */
  readonly prebuilt: readonly string[]
  readonly together: readonly Together[]
}

interface Entry {
  /** What it is called in `dist`. */
  readonly file: string
  readonly input: string
}

interface Together {
  readonly name: string
  /** Part of the paths of its files. */
  readonly folder: string
}

function groupOf({ name, folder }: Together): { name: string; test: (id: string) => boolean } {
  return { name, test: (id) => id.includes(folder) }
}

/** Files named after what begins them: of `…/@libp2p/webrtc/dist/src/index.js` that is `webrtc`. */
function chunkName({ name, moduleIds }: PreRenderedChunk): string {
  const main = moduleIds.at(-1) ?? ''
  const [, own] = PACKAGE_NAME.exec(main) ?? []
  return VAGUE.has(name) && own !== undefined ? `${own}.js` : '[name].js'
}

const PACKAGE_NAME = /^.*\/(?:node_modules\/(?:@[^/]+\/)?|packages\/)([^/]+)/
const VAGUE: ReadonlySet<string> = new Set(['src', 'dist', 'index', 'lib'])

/** What the bundles were made from. */
async function clearAway(): Promise<void> {
  const files = await readdir('dist', { recursive: true })
  const parts = files.filter((file) => /\.js(\.map)?$/.test(file))
  await Promise.all(parts.map((file) => rm(`dist/${file}`)))
}

/** Whose code is in a bundle, and under which terms: they ask that it be said. */
async function licensesOf(modules: ReadonlySet<string>): Promise<string> {
  const folders = new Set([...modules].map((file) => PACKAGE.exec(file)?.[0] ?? ''))
  folders.delete('')
  const texts = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file))
    const terms = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, 'utf8')))
    return [`${name} ${version} (${license ?? 'see below'})`, ...terms].join('\n\n')
  })
  return `${(await Promise.all(texts)).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/** The folder of a package in the path of one of its files. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/

/** Node reads every name of a builtin that a module imports, and some of `http` load all of its `fetch`. */
const SLOW_BUILTINS: readonly string[] = ['node:http', 'http', 'node:https', 'https']

/**
 * Imports of one file are all loaded before it begins. An add-on that has no binary for the machine must
 * not end a program that can do without, so it is asked for where it is used.
 */
function loadedWhenUsed(names: readonly string[]): Plugin {
  const isOne = (id: string): boolean =>
    names.some((name) => id === name || id.startsWith(`${name}/`))
  return {
    name: 'loaded-when-used',
    resolveId: (id) => (isOne(id) ? `\0${id}` : null),
    load: (id) =>
      id.startsWith('\0') && isOne(id.slice(1))
        ? { code: `module.exports = requireOf(${JSON.stringify(id.slice(1))})`, moduleType: 'js' }
        : null,
  }
}

/**
 * V8 keeps a source in one byte a character, and reads it faster, when none of them needs two. Outside of texts and
 * patterns, where an escape means the same, no code here has any.
 */
function inAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Packages in CommonJS ask for `require` and `__dirname`, which a module does not have by itself. */
const REQUIRE = [
  "import { createRequire as requireOfFile } from 'node:module'",
  'const requireOf = requireOfFile(import.meta.url)',
  'const require = requireOf',
  'const __dirname = import.meta.dirname',
].join('; ')

const [files = [], addOns = [], prebuilt = [], folders = []] = process.argv
  .slice(2)
  .join('\n')
  .split('\n--\n')
  .map((words) => words.split('\n').filter(Boolean))
const entries = files.map((word) => {
  const [file = '', input = `dist/${file}`] = word.split('=')
  return { file, input }
})
const together = folders.map((word) => {
  const [name = '', folder = ''] = word.split('=')
  return { name, folder }
})
await bundle({ entries, addOns, prebuilt, together })
