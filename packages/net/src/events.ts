/** A typed EventTarget: every event is a CustomEvent whose `detail` is given by its name. */
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

/** Listeners that throw do not disturb one another, nor whoever emits. */
export function createEvents<E extends object>(): TypedEvents<E> {
  const target = new EventTarget()
  const wrapped = new WeakMap<object, EventListener>()
  const wrap = <K extends keyof E>(listener: (event: CustomEvent<E[K]>) => void): EventListener => {
    const known = wrapped.get(listener)
    if (known !== undefined) return known
    const made: EventListener = (event) => {
      if (isDetailed<E[K]>(event)) listener(event)
    }
    wrapped.set(listener, made)
    return made
  }
  return {
    addEventListener: (type, listener, options) =>
      target.addEventListener(type, wrap(listener), options),
    removeEventListener: (type, listener) => target.removeEventListener(type, wrap(listener)),
    emit: (type, detail) => {
      target.dispatchEvent(new CustomEvent(type, { detail }))
    },
  }
}

function isDetailed<T>(event: Event): event is CustomEvent<T> {
  return event instanceof CustomEvent
}
