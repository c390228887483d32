import type { MessageGap } from '@kithmesh/node'
import type { ReactNode } from 'react'

/** Says where messages of a contact are missing, and whether they will come. */
export function GapNote({
  gap,
  name,
}: {
  readonly gap: MessageGap
  readonly name: string
}): ReactNode {
  const missing = gap.last - gap.first + 1
  return (
    <li className="day gap" data-state={gap.state}>
      {missing === 1 ? '1 message' : `${missing} messages`} of <bdi>{name}</bdi> {WORDS[gap.state]}
    </li>
  )
}

const WORDS: { readonly [S in MessageGap['state']]: string } = {
  missing: 'missing here, asked for whenever one of their devices is there',
  coming: 'missing here, on the way',
  gone: 'missing, and on none of their devices any more',
}
