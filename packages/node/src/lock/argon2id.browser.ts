import { type Argon2idInput, hashWasmOptions } from './argon2id.ts'

/** Argon2id in a worker of this page. */
export async function argon2idInWorker(input: Argon2idInput): Promise<Uint8Array> {
  const worker = startWorker()
  try {
    return await new Promise((settle, refuse) => {
      worker.onmessage = ({ data }: MessageEvent<{ readonly hash?: Uint8Array }>) => {
        if (data.hash === undefined) refuse(new Error('the worker could not compute it'))
        else settle(data.hash)
      }
      worker.onerror = () => refuse(new Error('the worker could not be started'))
      worker.postMessage(hashWasmOptions(input))
    })
  } finally {
    worker.terminate()
  }
}

/**
 * Bundlers find the worker by exactly this expression, and take `.js` for the `.ts` of the sources.
 * A page under Trusted Types refuses it unless a policy has named the script.
 */
function startWorker(): globalThis.Worker {
  const Worker = trustedTypes === undefined ? globalThis.Worker : TrustedWorker
  return new Worker(new URL('./argon2id-worker.browser.js', import.meta.url), { type: 'module' })
}

/** What a page under a content security policy must let be: `trusted-types kithmesh`. */
const POLICY = 'kithmesh'

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string }
}

// `Worker` beside it: the types of this language know no `trustedTypes` yet.
const { trustedTypes }: { readonly trustedTypes?: TrustedTypes; readonly Worker: unknown } =
  globalThis
let policy: ReturnType<TrustedTypes['createPolicy']> | undefined

class TrustedWorker extends globalThis.Worker {
  constructor(url: URL, options: WorkerOptions) {
    // It names what stands in this file and nothing else.
    policy ??= trustedTypes?.createPolicy(POLICY, { createScriptURL: (own) => own })
    super(policy?.createScriptURL(url.href) ?? url, options)
  }
}
