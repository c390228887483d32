/** Pictures of a camera, read until a code of ours is in one. */

/** Read so often at most, in ms: a phone stays cool, and nobody holds still for less. */
const EVERY_MS = 150
/** Longer side of a picture that is read, in pixels: enough for the modules of a code that fills a third. */
const MAX_SIDE = 960
const OURS = /^web\+kith:/i

/** Until the first code. @throws DOMException without a camera or permission */
export async function scanFrames(
  video: HTMLVideoElement,
  { signal, onCode }: { readonly signal: AbortSignal; readonly onCode: (code: string) => void },
): Promise<void> {
  // Only who scans loads the reader.
  const { decodeQR } = await import('qr/decode.js')
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  const stop = (): void => {
    for (const track of stream.getTracks()) track.stop()
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) return stop()
  video.srcObject = stream
  await video.play()
  const canvas = document.createElement('canvas')
  let last = Number.NEGATIVE_INFINITY
  const look = (now: number): void => {
    if (signal.aborted) return
    const isDue = now - last >= EVERY_MS
    if (isDue) last = now
    const code = isDue ? codeIn(pictureOf(video, canvas), decodeQR) : undefined
    if (code !== undefined) return onCode(code)
    video.requestVideoFrameCallback(look)
  }
  video.requestVideoFrameCallback(look)
}

function pictureOf(video: HTMLVideoElement, canvas: HTMLCanvasElement): ImageData | undefined {
  const { videoWidth, videoHeight } = video
  const scale = Math.min(1, MAX_SIDE / Math.max(videoWidth, videoHeight))
  canvas.width = Math.round(videoWidth * scale)
  canvas.height = Math.round(videoHeight * scale)
  const drawing = canvas.getContext('2d', { willReadFrequently: true })
  if (!drawing || canvas.width === 0 || canvas.height === 0) return undefined
  drawing.drawImage(video, 0, 0, canvas.width, canvas.height)
  return drawing.getImageData(0, 0, canvas.width, canvas.height)
}

/** The reader throws at a picture without a code, which most are. */
function codeIn(
  picture: ImageData | undefined,
  read: (picture: ImageData) => string,
): string | undefined {
  if (!picture) return undefined
  try {
    const text = read(picture)
    return OURS.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
