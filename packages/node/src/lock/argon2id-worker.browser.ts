/** The worker of a page that computes one Argon2id; the page ends it then. */

import { argon2id } from 'hash-wasm'
import type { HashWasmOptions } from './argon2id.ts'

addEventListener('message', ({ data }: MessageEvent<HashWasmOptions>) => {
  argon2id(data).then(
    (hash) => postMessage({ hash }),
    () => postMessage({}),
  )
})
