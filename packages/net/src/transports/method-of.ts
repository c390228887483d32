/**
 * A private method of a dependency. Another version may name it otherwise, and has to be read: versions are pinned,
 * and a test of ours fails where the method is gone.
 *
 * @throws TypeError when there is none; `of` says whose it is
 */
export function methodOf(owner: object, name: string, of: string): CallableFunction {
  const method: unknown = Reflect.get(owner, name)
  if (typeof method !== 'function') throw new TypeError(`${of} has no ${name}`)
  return method
}
