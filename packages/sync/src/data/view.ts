import type { EventSource } from '../typed-events.ts'
import type { FieldList } from './field-list.ts'

/**
 * Opens one typed view over the fields; `emit` tells of changes, local and remote alike
 * (ACC-1).
 */
export type OpenView<V, E> = (fields: FieldList, emit: EventSource<E>['emit']) => V
