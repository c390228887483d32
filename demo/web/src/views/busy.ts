import { useEffect } from 'react'

/** Tells the screen around that something goes on that it must not interrupt, and when that is over. */
export function useBusy(isBusy: boolean, onBusy: (isBusy: boolean) => void): void {
  useEffect(() => {
    onBusy(isBusy)
    return () => onBusy(false)
  }, [isBusy, onBusy])
}
