/** Typed events: every event is a CustomEvent whose `detail` is given by its name. */
export interface TypedEvents<E extends object> {
  addEventListener<K extends keyof E & string>(
    type: K,
    listener: (event: CustomEvent<E[K]>) => void,
    options?: { signal?: AbortSignal },
  ): void
  removeEventListener<K extends keyof E & string>(
    type: K,
    listener: (event: CustomEvent<E[K]>) => void,
  ): void
  emit<K extends keyof E & string>(type: K, detail: E[K]): void
}

type Listeners<E> = { [K in keyof E]?: Set<(event: CustomEvent<E[K]>) => void> }

/**
 * Not an EventTarget: Node takes more than ten listeners of one for a leak and says so to the
 * terminal. A listener that throws disturbs neither the others nor whoever emits.
 */
export function createEvents<E extends object>(): TypedEvents<E> {
  const listeners: Listeners<E> = {}
  const remove: TypedEvents<E>['removeEventListener'] = (type, listener) => {
    listeners[type]?.delete(listener)
  }
  return {
    addEventListener: (type, listener, { signal } = {}) => {
      if (signal?.aborted) return
      listeners[type] ??= new Set()
      listeners[type].add(listener)
      signal?.addEventListener('abort', () => remove(type, listener), { once: true })
    },
    removeEventListener: remove,
    emit: (type, detail) => {
      for (const listener of [...(listeners[type] ?? [])]) {
        try {
          listener(new CustomEvent(type, { detail }))
        } catch (error) {
          // as an EventTarget does it: nobody here can handle it, and nobody may overlook it
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
  }
}
