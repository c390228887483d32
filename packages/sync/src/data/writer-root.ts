/**
 * The roots of writers. To write out the first struct of a root, Yjs looks for the root's name among all roots
 * of the document that the root says it is in. With a root for each writer that is quadratic: 60,000 writers
 * took 17 s. So a root made here says that it is in a document with no other root (ACC-28).
 */

import type { AbstractType, Doc } from 'yjs'
import { rootOf } from './field-entries.ts'

/** The root under which a writer keeps its list. */
export function writerRoot(doc: Doc, client: number): AbstractType<unknown> {
  const name = rootOf(client)
  const root = doc.get(name)
  if (root.doc === doc) root.doc = Object.create(doc, { share: { value: new Map([[name, root]]) } })
  return root
}

/** Makes the roots of these writers before Yjs does. */
export function nameRoots(doc: Doc, clients: Iterable<number>): void {
  for (const client of clients) writerRoot(doc, client)
}
