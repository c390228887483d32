import { useEffect, useRef } from 'react'

/** For what takes the place of the button that was pressed: the focus goes on there. */
export function useFocusOnArrival<E extends HTMLElement>(): React.RefObject<E | null> {
  const arrived = useRef<E>(null)
  useEffect(() => arrived.current?.focus(), [])
  return arrived
}
