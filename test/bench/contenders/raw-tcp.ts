import { connect, createServer, type Socket } from 'node:net'
import {
  type Contender,
  editedKey,
  type Hearing,
  type Origin,
  recordKey,
  type Sibling,
  type Talker,
} from './contender.ts'

/**
 * The physical floor: one socket, one line of JSON per record or message. No encryption, no signature, no merge,
 * nothing on disk. Nothing that keeps a promise can be quicker.
 */
export const rawTcp: Contender = { origin, sibling, asker, answerer }

function origin(): Origin {
  const valuesByKey = new Map<string, number>()
  const sockets = new Set<Socket>()
  return {
    start: ({ records }) => {
      for (let index = 0; index < records; index++) valuesByKey.set(recordKey(index), 0)
      return listen((socket) => {
        sockets.add(socket)
        socket.write([...valuesByKey].map(toLine).join(''))
      })
    },
    edit: (n) => {
      const line = toLine([editedKey(n, valuesByKey.size), n])
      for (const socket of sockets) socket.write(line)
    },
  }
}

function sibling(): Sibling {
  return {
    start: async ({ where }, sights) => {
      readLines(connect(Number(where), '127.0.0.1'), ([key, value]) => {
        if (value === 0) sights.record(String(key))
        else sights.edit(Number(value))
      })
    },
  }
}

function answerer(): Talker {
  return talker((hear) => listen((socket) => hear(socket)))
}

function asker(): Talker {
  return talker(async (hear, where) => {
    const socket = connect(Number(where), '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    hear(socket)
    return ''
  })
}

/** Lines `[text, name]`; an acknowledgement is the name alone. */
function talker(open: (hear: (socket: Socket) => void, where: string) => Promise<string>): Talker {
  let line: Socket | undefined
  let sent = 0
  const hear = (socket: Socket, hearing: Hearing): void => {
    line = socket
    readLines(socket, ([text, name]) => {
      if (name === undefined) return hearing.acked(String(text))
      // Only of what asks for no answer: an answer says as much.
      if (String(text).startsWith('.')) socket.write(toLine([String(name)]))
      hearing.received(String(text))
    })
  }
  return {
    start: ({ where }, hearing) => open((socket) => hear(socket, hearing), where),
    send: async (text) => {
      const name = String(sent++)
      if (line?.write(toLine([text, name])) === false) {
        await new Promise((resolve) => line?.once('drain', resolve))
      }
      return name
    },
  }
}

function listen(connected: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    connected(socket)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(String(typeof address === 'object' ? address?.port : address))
    })
  })
}

type Line = readonly (string | number)[]

const toLine = (line: Line): string => `${JSON.stringify(line)}\n`

function readLines(socket: Socket, read: (line: Line) => void): void {
  let rest = ''
  socket.setNoDelay(true).setEncoding('utf8')
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) read(JSON.parse(line))
  })
}
