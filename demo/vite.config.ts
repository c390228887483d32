import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: folder('./web'),
  plugins: [react()],
  // `vite` alone serves the sources; the relays are those of a demonstration that runs beside it.
  server: { proxy: { '/relays.json': 'http://localhost:5180' } },
  build: {
    outDir: folder('./dist/web'),
    emptyOutDir: true,
    // The first versions with `light-dark()`; what the device itself needs is older.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    // Nothing inlined as `data:`: the content security policy names files of this origin.
    assetsInlineLimit: 0,
    // A whole device in one file, loaded once from this machine; most of it is libp2p.
    chunkSizeWarningLimit: 1500,
  },
})
