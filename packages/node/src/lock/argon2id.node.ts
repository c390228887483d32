import { Worker } from 'node:worker_threads'
import { type Argon2idInput, hashWasmOptions } from './argon2id.ts'

/** Argon2id in a thread of its own. */
export async function argon2idInThread(input: Argon2idInput): Promise<Uint8Array> {
  const worker = new Worker(workerUrl(), { workerData: hashWasmOptions(input) })
  try {
    return await new Promise((settle, refuse) => {
      worker.once('message', (hash: Uint8Array) => settle(Uint8Array.from(hash)))
      worker.once('error', refuse)
      worker.once('exit', () => refuse(new Error('the thread ended without an answer')))
    })
  } finally {
    await worker.terminate()
  }
}

/** Beside this file: `.js` in the build, `.ts` where the sources run. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./argon2id-worker.node.${extension}`, import.meta.url)
}
