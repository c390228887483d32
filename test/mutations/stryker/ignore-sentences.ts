/**
 * A plugin of Stryker: what stands in a sentence for a person is not mutated. Callers act on the code of
 * an error; its message and its hint may change at any time (packages/protocol/src/errors.ts).
 */

/** What is asked of a node of the syntax tree, out of all that Babel tells. */
interface NodePath {
  readonly listKey?: string
  readonly key: string | number | null
  readonly node: { readonly type: string }
  readonly parent: { readonly callee?: { readonly name?: string } }
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'sentences', value: { shouldIgnore } }]

function shouldIgnore({ listKey, key, node, parent }: NodePath): string | undefined {
  if (listKey !== 'arguments' || typeof key !== 'number') return undefined
  if (!TEXTS.includes(node.type)) return undefined
  const sentences = SENTENCES.get(parent.callee?.name ?? '') ?? []
  return sentences.includes(key) ? 'a sentence for a person' : undefined
}

/** A hint stands in an object. */
const TEXTS: readonly string[] = ['StringLiteral', 'TemplateLiteral', 'ObjectExpression']

/** Which arguments are for a person, counted from 0. */
const SENTENCES: ReadonlyMap<string, readonly number[]> = new Map([
  // new KithError(code, message, { hint, cause })
  ['KithError', [1, 2]],
  // refuse(message)
  ['refuse', [0]],
  // orRefused(algorithm, compute), which puts the name into its message
  ['orRefused', [0]],
])
