/** Events whose names and details TypeScript knows. `E`: detail by event name. */
export interface TypedEvents<E> {
  addEventListener<K extends keyof E & string>(
    type: K,
    listener: (event: CustomEvent<E[K]>) => void,
    options?: { readonly signal?: AbortSignal },
  ): void
  removeEventListener<K extends keyof E & string>(
    type: K,
    listener: (event: CustomEvent<E[K]>) => void,
  ): void
}

/** The owner's side of {@link TypedEvents}. */
export interface EventSource<E> extends TypedEvents<E> {
  emit<K extends keyof E & string>(type: K, detail: E[K]): void
}

type Listeners<E> = { [K in keyof E]?: Set<(event: CustomEvent<E[K]>) => void> }

/**
 * Makes the events of one object; hand out {@link TypedEvents}, keep `emit`. No EventTarget
 * below: Node takes more than ten listeners of one event for a leak and says so to the terminal.
 * A listener that throws disturbs neither the others nor whoever emits.
 */
export function createEvents<E>(): EventSource<E> {
  const listeners: Listeners<E> = {}
  const remove: EventSource<E>['removeEventListener'] = (type, listener) => {
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
          // As an EventTarget does it: nobody here can handle it, and nobody may overlook it.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
  }
}
