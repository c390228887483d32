import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * What the published packages say and the workspace does not; every package runs it as
 * `prepack` (`dress`) and `postpack` (`undress`).
 *
 * `engines` in a workspace would make each `npm ci` on an older Node print a wall of warnings,
 * although the scripts here run on the `node` devDependency. A package's licences stand once, at
 * the root.
 */
const ENGINES: Readonly<Record<string, string>> = { node: '>=22.12' }
const LICENSES: readonly string[] = ['LICENSE-MIT', 'LICENSE-APACHE']

type Manifest = Readonly<Record<string, unknown>> & { readonly files?: readonly string[] }

/** The manifest as it is published. */
export function dressed(manifest: Manifest): Manifest {
  const files = manifest.files ?? []
  const added = LICENSES.filter((license) => !files.includes(license))
  return { ...manifest, engines: ENGINES, files: [...files, ...added] }
}

/** The manifest as it stands in the workspace: the way back from {@link dressed}. */
export function undressed(manifest: Manifest): Manifest {
  const { engines: _, ...rest } = manifest
  return { ...rest, files: (manifest.files ?? []).filter((file) => !LICENSES.includes(file)) }
}

function dress(): void {
  rewrite(dressed)
  for (const license of LICENSES) copyFileSync(atRoot(license), license)
}

function undress(): void {
  rewrite(undressed)
  for (const license of LICENSES) rmSync(license, { force: true })
}

function rewrite(change: (manifest: Manifest) => Manifest): void {
  const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))
  // In one step: an npm that runs beside this one reads the manifests of all workspaces.
  writeFileSync('package.json.new', `${JSON.stringify(change(manifest), null, 2)}\n`)
  renameSync('package.json.new', 'package.json')
}

function atRoot(file: string): string {
  return fileURLToPath(new URL(`../${file}`, import.meta.url))
}

if (process.argv[2] === 'dress') dress()
if (process.argv[2] === 'undress') undress()
