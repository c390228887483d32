/** Ends a connection whose peer floods it: nobody sends so by mistake (rules NET-80, NET-81). */
export class FloodError extends Error {
  constructor(what: string) {
    super(`The peer floods this connection: ${what}`)
    this.name = 'FloodError'
  }
}
