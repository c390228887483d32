import type * as Y from 'yjs'
import type { EventSource } from '../typed-events.ts'

/**
 * Opens one typed view over the document; `emit` tells of changes, local and remote alike
 * (ACC-1).
 */
export type OpenView<V, E> = (doc: Y.Doc, emit: EventSource<E>['emit']) => V
