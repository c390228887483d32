import type { FrameStream, Net } from '@kithmesh/net'
import { KithError } from '@kithmesh/protocol'

type Answer = (stream: FrameStream) => Promise<void>

/**
 * The network for one run of an account after another on a device: a protocol is answered by the run
 * that said so last, and by nobody when that run is over.
 */
export function netForRuns(net: Net): (signal: AbortSignal) => Net {
  const answers = new Map<string, { readonly answer: Answer; readonly signal: AbortSignal }>()

  function handleFor(signal: AbortSignal): Net['handle'] {
    return (protocol, answer) => {
      const isNew = !answers.has(protocol.id)
      answers.set(protocol.id, { answer, signal })
      if (isNew) net.handle(protocol, (stream) => answerNow(protocol.id, stream))
    }
  }

  async function answerNow(protocol: string, stream: FrameStream): Promise<void> {
    const current = answers.get(protocol)
    if (!current || current.signal.aborted) {
      throw new KithError('ERR_STRANGER', 'this device does not answer now')
    }
    await current.answer(stream)
  }

  return (signal) => {
    const handle = handleFor(signal)
    return new Proxy(net, {
      get: (target, key) => {
        if (key === 'handle') return handle
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}
