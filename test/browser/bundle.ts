/** A page built as its host would build it: vite, and the packages as they are published. */

import { createServer } from 'node:http'
import { isBuiltin } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Plugin, type Rolldown } from 'vite'

/** Scripts of a page, by file name; `page.js` is the one to load. */
export interface Bundle {
  readonly scripts: ReadonlyMap<string, string>
  /** Modules of Node that something in the page asked for, each with who asked. */
  readonly nodeModules: readonly string[]
  /** Modules by path from which something came into the scripts. */
  readonly modules: readonly string[]
  readonly gzipBytes: number
}

const PAGE = fileURLToPath(new URL('./bundled-page.ts', import.meta.url))

const source = (name: string): string =>
  fileURLToPath(new URL(`../../packages/${name}/src/index.ts`, import.meta.url))
const SOURCES = { '@kithmesh/protocol': source('protocol'), '@kithmesh/sync': source('sync') }

/**
 * `page`: path of its first module; without it, the page of the tests. `ofSources`: not of the packages as they
 * are published, for a page that looks inside.
 */
export async function buildBundle(
  page: string = PAGE,
  { ofSources = false }: { readonly ofSources?: boolean } = {},
): Promise<Bundle> {
  const nodeModules: string[] = []
  const output = await build({
    configFile: false,
    logLevel: 'error',
    ...(ofSources ? { resolve: { alias: SOURCES } } : {}),
    plugins: [nodeModulesInto(nodeModules)],
    build: {
      write: false,
      modulePreload: false,
      target: 'esnext',
      rolldownOptions: { input: page, output: { entryFileNames: 'page.js' } },
    },
  })
  const chunks = chunksOf(output)
  const scripts = new Map(chunks.map(({ fileName, code }) => [fileName, code]))
  return {
    scripts,
    nodeModules,
    modules: chunks.flatMap(({ moduleIds }) => moduleIds),
    gzipBytes: [...scripts.values()].reduce((sum, code) => sum + gzipSync(code).length, 0),
  }
}

/** Vite would put an empty module in their place. npm has packages named like some (`events`). */
function nodeModulesInto(found: string[]): Plugin {
  return {
    name: 'node-modules-of-a-page',
    enforce: 'pre',
    async resolveId(id, importer) {
      if (!isBuiltin(id)) return
      const resolved = await this.resolve(id, importer, { skipSelf: true })
      if (!resolved?.id.includes('/node_modules/')) found.push(`${id} for ${importer}`)
    },
  }
}

function chunksOf(output: Awaited<ReturnType<typeof build>>): readonly Rolldown.OutputChunk[] {
  const [first] = [output].flat()
  if (first === undefined || !('output' in first)) throw new Error('nothing was built')
  return first.output.filter((file) => file.type === 'chunk')
}

/** Serves a bundle on localhost, which browsers trust as they do https. */
export async function serveBundle({
  scripts,
}: Bundle): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(({ url = '/' }, response) => {
    const script = scripts.get(url.slice(1))
    if (url === '/') response.setHeader('content-type', 'text/html').end(HTML)
    else if (script === undefined) response.writeHead(404).end()
    else response.setHeader('content-type', 'text/javascript').end(script)
  })
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const HTML = `<!doctype html>
<meta charset="utf-8">
<title>Kithmesh</title>
<script type="module" src="/page.js"></script>
`
