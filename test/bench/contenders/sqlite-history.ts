import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Contender, Linker, Newcomer } from './contender.ts'
import { portOf } from './port.ts'

/**
 * What a history cannot come much quicker than: packed and sealed in batches, one socket, written into SQLite with its
 * search. No account, no proof of who wrote what, and synced once at the end of each batch.
 */
export const sqliteHistory: Contender = { newcomer, linker }

const BATCH = 500
const NONCE_BYTES = 12
const TAG_BYTES = 16
const LENGTH_BYTES = 4

/** What the code says. */
interface Place {
  readonly port: number
  /** Hexadecimal. */
  readonly key: string
}

type Row = readonly [id: string, at: number, text: string]

function newcomer(): Newcomer {
  return {
    start: async ({ home }, arrived = () => undefined) => {
      const key = randomBytes(32)
      const insert = openDatabase(join(home, 'history.db'))
      const server = createServer((socket) => {
        let rest = Buffer.alloc(0)
        socket.on('data', (chunk) => {
          rest = Buffer.concat([rest, chunk])
          while (rest.length >= LENGTH_BYTES) {
            const end = LENGTH_BYTES + rest.readUInt32BE(0)
            if (rest.length < end) return
            const rows = openRows(rest.subarray(LENGTH_BYTES, end), key)
            insert(rows)
            arrived(rows.length)
            rest = rest.subarray(end)
          }
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const port = portOf(server.address())
      return JSON.stringify({ port, key: key.toString('hex') } satisfies Place)
    },
  }
}

function linker(): Linker {
  let batches: readonly (readonly Row[])[] = []
  return {
    start: async ({ records }) => {
      const rows = Array.from({ length: records }, (_, index): Row => rowNumber(index))
      batches = Array.from({ length: Math.ceil(records / BATCH) }, (_, index) =>
        rows.slice(index * BATCH, (index + 1) * BATCH),
      )
      return ''
    },
    link: async (code) => {
      const { port, key }: Place = JSON.parse(code)
      const socket = connect(port, '127.0.0.1')
      await new Promise<void>((resolve) => socket.once('connect', resolve))
      for (const batch of batches) socket.write(sealRows(batch, Buffer.from(key, 'hex')))
    },
  }
}

const rowNumber = (index: number): Row => [
  randomBytes(32).toString('hex'),
  1.7e12 + index * 1_000,
  `message ${index}`,
]

function openDatabase(path: string): (rows: readonly Row[]) => void {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE messages (at INTEGER, id TEXT, body TEXT, PRIMARY KEY (at, id)) WITHOUT ROWID;
    CREATE VIRTUAL TABLE search USING fts5(body, content='');`)
  const message = database.prepare('INSERT INTO messages (id, at, body) VALUES (?, ?, ?)')
  const words = database.prepare('INSERT INTO search (body) VALUES (?)')
  return (rows) => {
    database.exec('BEGIN')
    for (const row of rows) {
      message.run(...row)
      words.run(row[2])
    }
    database.exec('COMMIT')
  }
}

function sealRows(rows: readonly Row[], key: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const packed = deflateRawSync(Buffer.from(JSON.stringify(rows)), { level: 1 })
  const sealed = Buffer.concat([nonce, cipher.update(packed), cipher.final(), cipher.getAuthTag()])
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(sealed.length)
  return Buffer.concat([length, sealed])
}

function openRows(sealed: Uint8Array, key: Uint8Array): readonly Row[] {
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(sealed.subarray(end))
  const packed = Buffer.concat([
    decipher.update(sealed.subarray(NONCE_BYTES, end)),
    decipher.final(),
  ])
  return JSON.parse(inflateRawSync(packed).toString())
}
