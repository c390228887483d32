import { type ReactNode, useEffect, useRef, useState } from 'react'
import { FaultNotice } from './error-notice.tsx'
import { scanFrames } from './scan-frames.ts'

/** Whether this page can look through a camera at all: not without https, nor in every browser. */
export function hasCamera(): boolean {
  const devices: MediaDevices | undefined = navigator.mediaDevices
  return devices !== undefined
}

/** Looks through the camera until it sees a code of ours. What it sees never leaves this page. */
export function CodeScanner({
  onCode,
  onStop,
}: {
  readonly onCode: (code: string) => void
  readonly onStop: () => void
}): ReactNode {
  const video = useRef<HTMLVideoElement>(null)
  const found = useRef(onCode)
  found.current = onCode
  const [isDenied, setDenied] = useState(false)
  useEffect(() => {
    const shown = video.current
    const leaving = new AbortController()
    const { signal } = leaving
    if (shown) {
      scanFrames(shown, { signal, onCode: (code) => found.current(code) }).catch(() => {
        if (!signal.aborted) setDenied(true)
      })
    }
    return () => leaving.abort()
  }, [])
  if (isDenied) return <FaultNotice fault={NO_CAMERA} action="Paste the code" onAction={onStop} />
  return (
    <div className="stack">
      <video ref={video} className="scanner" muted playsInline aria-label="What the camera sees" />
      <p role="status">Hold the code of the other device in front of the camera.</p>
      <div className="actions">
        <button type="button" onClick={onStop}>
          Paste it instead
        </button>
      </div>
    </div>
  )
}

const NO_CAMERA = {
  happened: 'The camera cannot be used.',
  means: 'There is none, or the browser did not allow it. The code can be pasted as text.',
}
