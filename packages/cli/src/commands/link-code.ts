import type { Io } from '../io.ts'
import type { Report } from '../report.ts'

/** A code, and how to use it on the other device. */
export interface ShownCode {
  readonly code: string
  readonly expiresInMs: number
}

/** The text first, the QR last: on 24 lines the QR is what must be on the screen. */
export function showLinkCode(
  { code, expiresInMs }: ShownCode,
  {
    io,
    report,
    before,
    command,
    qrLines,
  }: {
    readonly io: Io
    readonly report: Report
    readonly before: string
    readonly command: (code: string) => string
    /** Loaded only by commands that show one. */
    readonly qrLines: typeof import('../qr-text.ts').qrLines
  },
): void {
  report.show(
    before,
    command(code),
    ...qrLines(code, io.stderr),
    `Or scan it. A new code comes in ${Math.ceil(expiresInMs / 1000)} s.`,
  )
}
