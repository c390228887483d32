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
