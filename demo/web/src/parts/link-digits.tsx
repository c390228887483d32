import type { ReactNode } from 'react'

/** Six digits to compare with another screen: two groups to see, one by one to hear. */
export function LinkDigits({ digits }: { readonly digits: string }): ReactNode {
  return (
    <p className="digits">
      <span aria-hidden="true">
        <span className="digit-group">{digits.slice(0, 3)}</span>{' '}
        <span className="digit-group">{digits.slice(3)}</span>
      </span>
      <span className="heard">{[...digits].join(' ')}</span>
    </p>
  )
}
