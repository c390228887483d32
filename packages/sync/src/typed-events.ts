/** An EventTarget whose event names and details TypeScript knows. `E`: detail by event name. */
export interface TypedEvents<E> {
  addEventListener<K extends keyof E & string>(
    type: K,
    listener: (event: CustomEvent<E[K]>) => void,
    options?: { readonly signal?: AbortSignal; readonly once?: boolean },
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

/** Makes the events of one object; hand out {@link TypedEvents}, keep `emit`. */
export function createEvents<E>(): EventSource<E> {
  const target = new EventTarget()
  return {
    // The one place where the platform's untyped listener meets ours: `emit` below is the only source
    // of events of this target, and it pairs names with details.
    addEventListener: (type, listener, options) =>
      target.addEventListener(type, listener as EventListener, options),
    removeEventListener: (type, listener) =>
      target.removeEventListener(type, listener as EventListener),
    emit: (type, detail) => {
      target.dispatchEvent(new CustomEvent(type, { detail }))
    },
  }
}
