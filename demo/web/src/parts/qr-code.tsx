import { encodeQR } from 'qr'
import { type ReactNode, useMemo } from 'react'

/** White modules around the symbol; scanners need them (ISO/IEC 18004 §9.1). */
const BORDER = 4

/** A code to scan: dark on light in both themes, drawn as one path (WEB-5). */
export function QrCode({
  text,
  label,
}: {
  readonly text: string
  readonly label: string
}): ReactNode {
  const { size, path } = useMemo(() => symbolOf(text), [text])
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} shapeRendering="crispEdges" />
    </svg>
  )
}

function symbolOf(text: string): { readonly size: number; readonly path: string } {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: BORDER })
  const squares = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
  return { size: rows.length, path: squares.join('') }
}
