import type { Contact, KithNode, Message } from '@kithmesh/node'

/** Who wrote since their chat was last open in this tab, and the sentence a screen reader says. */
export interface News {
  readonly subscribe: (onChange: () => void) => () => void
  readonly get: () => NewsState
  /** This chat is on the screen now; nobody's is when undefined. */
  readonly open: (contact: Contact['contact'] | undefined) => void
}

/** What is new. */
export interface NewsState {
  readonly from: ReadonlySet<Contact['contact']>
  readonly latest: Message | undefined
}

/** Collects what arrives for as long as somebody looks. */
export function createNews(node: KithNode): News {
  const lookers = new Set<() => void>()
  let state: NewsState = { from: new Set(), latest: undefined }
  let opened: Contact['contact'] | undefined
  let looking: AbortController | undefined

  function show(next: NewsState): void {
    state = next
    for (const tell of lookers) tell()
  }

  function received({ detail: latest }: CustomEvent<Message>): void {
    const { account } = latest.from
    show({ latest, from: account === opened ? state.from : new Set(state.from).add(account) })
  }

  return {
    subscribe: (onChange) => {
      lookers.add(onChange)
      if (!looking) {
        looking = new AbortController()
        node.addEventListener('message:received', received, { signal: looking.signal })
      }
      return () => {
        lookers.delete(onChange)
        if (lookers.size > 0) return
        looking?.abort()
        looking = undefined
      }
    },
    get: () => state,
    open: (contact) => {
      opened = contact
      if (contact === undefined || !state.from.has(contact)) return
      const from = new Set(state.from)
      from.delete(contact)
      show({ ...state, from })
    },
  }
}
