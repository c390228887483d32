import type { ReactNode } from 'react'

const WORDS: ReadonlyMap<string, string> = new Map([
  ['browser', 'Browser'],
  ['cli', 'Terminal'],
])

/** What a device says it is; a kind that is not known here stays in its own words. */
export function DeviceKind({ kind }: { readonly kind: string }): ReactNode {
  return WORDS.get(kind) ?? <bdi>{kind}</bdi>
}
