import type { ReactNode } from 'react'

/** Drawn here: an icon package weighs more than this page. All are decoration; names stand beside them. */
const SHAPES = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  send: 'M4 12l16-7-6 15-3-6z',
  plus: 'M12 5v14M5 12h14',
  star: 'M12 4l2.5 5.1 5.5.8-4 3.9.9 5.6-4.9-2.6-4.9 2.6.9-5.6-4-3.9 5.5-.8z',
  devices: 'M3 5h13v10H3zM1 18h14M18 9h4v11h-4z',
  person: 'M12 12a4 4 0 100-8 4 4 0 000 8zM4 20c1-4 4-6 8-6s7 2 8 6',
  relay: 'M12 9a3 3 0 100 6 3 3 0 000-6zM6 6a8.500 8.500 0 000 12M18 6a8.500 8.500 0 010 12',
  chat: 'M4 5h16v11H9l-5 4z',
  clock: 'M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l3 2',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.5',
  shield: 'M12 3l7 3v6c0 4-3 7-7 9-4-2-7-5-7-9V6z',
  lock: 'M6 11h12v10H6zM8.500 11V7.500a3.500 3.500 0 017 0V11M12 15v2.500',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  muted: 'M6 16V11a6 6 0 019-5M18 10v6H8M4 4l16 16M10 19a2 2 0 004 0',
  archive: 'M4 5h16v4H4zM5 9v10h14V9M10 13h4',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  chatSettings: 'M4.500 12h1M11.500 12h1M18.500 12h1',
  words: 'M6 3h12v18H6zM9 8h6M9 12h6M9 16h4',
} as const

/** One icon. */
export function Icon({
  shape,
  filled,
}: {
  shape: keyof typeof SHAPES
  filled?: boolean
}): ReactNode {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
      data-filled={filled || undefined}
    >
      <path d={SHAPES[shape]} />
    </svg>
  )
}
