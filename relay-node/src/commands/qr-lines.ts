import { encodeQR } from 'qr'

/** Black ink on bright white, whatever the colours of the terminal: scanners need dark on light. */
const DARK_ON_LIGHT = '\u001b[30;107m'
const RESET = '\u001b[0m'

/**
 * A code as a QR of half blocks, two rows of modules a line. A code of 41 modules takes 43 × 22 cells
 * and fits a terminal of 80 × 24. None where the terminal is narrower.
 */
export function qrLines(code: string, columns: number): readonly string[] {
  const modules = encodeQR(code, 'raw', { ecc: 'low', border: 1 })
  const width = modules[0]?.length ?? 0
  if (columns < width) return []
  return modules.flatMap((row, at) => {
    if (at % 2 === 1) return []
    const below = modules[at + 1] ?? []
    const cells = row.map((top, column) => block(top, below[column] === true))
    return [`${DARK_ON_LIGHT}${cells.join('')}${RESET}`]
  })
}

function block(top: boolean, bottom: boolean): string {
  if (top) return bottom ? '█' : '▀'
  return bottom ? '▄' : ' '
}
