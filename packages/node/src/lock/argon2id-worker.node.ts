/** The thread that computes one Argon2id and ends; its memory ends with it. */

import { parentPort, workerData } from 'node:worker_threads'
import hashWasm from 'hash-wasm'

// No module of this package is imported: the thread starts sooner, in a build and from the sources.
parentPort?.postMessage(await hashWasm.argon2id(workerData))
