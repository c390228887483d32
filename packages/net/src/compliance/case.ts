import type { Net } from '../net.ts'

/** Where a compliance case gets its nets; one implementation of {@link Net} makes one world. */
export interface NetWorld {
  /** A started net with an identity of its own that no other of this world has. */
  create(): Promise<Net>
  /** Lets `a` know where `b` is, and `b` where `a` is. */
  introduce(a: Net, b: Net): void
}

/** One rule that every {@link Net} keeps; throws when it is broken. */
export interface NetComplianceCase {
  /** Rule id of the specification. */
  readonly rule: string
  readonly name: string
  run(world: NetWorld): Promise<void>
}
