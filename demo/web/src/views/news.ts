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

/** A device that ends while it is asked has nothing to say. */
const SILENT = { notify: false } as const

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

  function received({ detail }: CustomEvent<Message>): void {
    const { account } = detail.from
    show({ ...state, from: account === opened ? state.from : new Set(state.from).add(account) })
    void say(detail)
  }

  /** What a chat that is muted, or quiet hours, keep silent is not said either (WEB-65). */
  async function say(latest: Message): Promise<void> {
    const answer = await node.chats.shouldNotify(latest).catch(() => SILENT)
    if (answer.notify) show({ ...state, latest })
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
