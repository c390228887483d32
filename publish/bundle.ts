import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type Plugin, rolldown } from 'rolldown'

/**
 * What a command is published as: one file with all it needs, so that installing it brings no tree of packages and
 * starting it reads no hundreds of files. Native add-ons that npm has for each machine stay outside, as packages. Those
 * of which one package holds the binaries of all machines come along in `dist/prebuilds`, where node-gyp-build finds
 * them beside the file: so no install script of theirs is needed.
 *
 * `node ../publish/bundle.ts kith-relay.js index.js -- ADD-ON… -- PACKAGE…` makes bundles of these files of `dist`, and
 * takes away what they were made from; types stay. `worker.js=../node/dist/worker.js` is made of a file elsewhere.
 */
async function bundle({ entries, addOns, prebuilt }: Wanted): Promise<void> {
  const modules = new Set<string>()
  for (const entry of entries) {
    for (const module of await bundleOne(entry, addOns)) modules.add(module)
  }
  const names = entries.map(({ file }) => file)
  const made = await readdir('dist', { recursive: true })
  const parts = made.filter((file) => /\.js(\.map)?$/.test(file) && !names.includes(file))
  await Promise.all(parts.map((file) => rm(`dist/${file}`)))
  for (const name of prebuilt) {
    const from = new URL(`../node_modules/${name}/prebuilds`, import.meta.url)
    await cp(from, 'dist/prebuilds', { recursive: true })
  }
  await writeFile('dist/third-party-licenses.txt', await licensesOf(modules))
}

interface Wanted {
  readonly entries: readonly Entry[]
  /** Packages that stay outside. */
  readonly addOns: readonly string[]
  /** Packages whose binaries come along. */
  readonly prebuilt: readonly string[]
}

interface Entry {
  /** What it is called in `dist`. */
  readonly file: string
  readonly input: string
}

/** Files the bundle was made from. */
async function bundleOne(
  { file, input }: Entry,
  addOns: readonly string[],
): Promise<readonly string[]> {
  const build = await rolldown({
    input,
    platform: 'node',
    plugins: [loadedWhenUsed(addOns)],
    logLevel: 'silent',
  })
  const { output } = await build.write({
    dir: 'dist',
    entryFileNames: file,
    format: 'esm',
    codeSplitting: false,
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    banner: REQUIRE,
  })
  await build.close()
  return output.flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []))
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

/**
 * Imports of one file are all loaded before it begins. An add-on that has no binary for the machine must
 * not end a program that can do without, so it is asked for where it is used.
 */
function loadedWhenUsed(addOns: readonly string[]): Plugin {
  const isAddOn = (id: string): boolean =>
    addOns.some((name) => id === name || id.startsWith(`${name}/`))
  return {
    name: 'add-ons-loaded-when-used',
    resolveId: (id) => (isAddOn(id) ? `\0${id}` : null),
    load: (id) =>
      id.startsWith('\0') && isAddOn(id.slice(1))
        ? { code: `module.exports = requireOf(${JSON.stringify(id.slice(1))})`, moduleType: 'js' }
        : null,
  }
}

/** Packages in CommonJS ask for `require` and `__dirname`, which a module does not have by itself. */
const REQUIRE = [
  "import { createRequire as requireOfFile } from 'node:module'",
  'const requireOf = requireOfFile(import.meta.url)',
  'const require = requireOf',
  'const __dirname = import.meta.dirname',
].join('; ')

const [files = [], addOns = [], prebuilt = []] = process.argv
  .slice(2)
  .join('\n')
  .split('\n--\n')
  .map((words) => words.split('\n'))
const entries = files.map((word) => {
  const [file = '', input = `dist/${file}`] = word.split('=')
  return { file, input }
})
await bundle({ entries, addOns, prebuilt })
