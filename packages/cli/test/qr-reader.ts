import decodeQR from 'qr/decode.js'

/** Photographs the lines: eight pixels a module, two rows of modules a line. */
export function readQr(lines: readonly string[], { inkIsDark }: { inkIsDark: boolean }): string {
  const modules = lines.flatMap((line) => [
    [...line].map((block) => block === '█' || block === '▀'),
    [...line].map((block) => block === '█' || block === '▄'),
  ])
  const scale = 8
  const [width, height] = [43 * scale, modules.length * scale]
  const data = new Uint8Array(width * height * 4)
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [Math.floor((at % width) / scale), Math.floor(at / width / scale)]
    const ink = modules[y]?.[x] === true
    // The last half line is below the code: paper in either way of drawing.
    const dark = y < 43 && ink === inkIsDark
    data.set(dark ? [0, 0, 0, 255] : [255, 255, 255, 255], at * 4)
  }
  return decodeQR({ width, height, data })
}
