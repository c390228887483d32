import { encodeQR } from 'qr'
import type { TextSink } from './io.ts'

/** Black ink on bright white, whatever the colours of the terminal: scanners need dark on light. */
const DARK_ON_LIGHT = '\u001b[30;107m'
const RESET = '\u001b[0m'

/**
 * A code as a QR of half blocks, two rows of modules a line: error correction L, quiet zone of one
 * module. A code of 41 modules takes 43 × 22 cells and fits a terminal of 80 × 24 (CLI-19). Where
 * nothing can be coloured, the light modules are drawn instead: most terminals are dark.
 *
 * @returns the lines; none when the terminal is too narrow for them
 */
export function qrLines(code: string, sink: TextSink): readonly string[] {
  const modules = encodeQR(code, 'raw', { ecc: 'low', border: 1 })
  const width = modules[0]?.length ?? 0
  if (sink.columns !== undefined && sink.columns < width) return []
  const inked = sink.isTTY
  const lines: string[] = []
  for (let row = 0; row < modules.length; row += 2) {
    const line = Array.from({ length: width }, (_, column) => {
      const [top, bottom] = [modules[row]?.[column], modules[row + 1]?.[column]]
      return inked ? block(top === true, bottom === true) : block(top === false, bottom === false)
    }).join('')
    lines.push(inked ? `${DARK_ON_LIGHT}${line}${RESET}` : line)
  }
  return lines
}

function block(top: boolean, bottom: boolean): string {
  if (top) return bottom ? '█' : '▀'
  return bottom ? '▄' : ' '
}
