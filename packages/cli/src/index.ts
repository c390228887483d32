/** `kith`: a Kithmesh device on a desktop or server. Programs embed `@kithmesh/node` instead. */

export type { Io, NodeLibrary, StopSignal, TextSink } from './io.ts'
export { main } from './main.ts'
