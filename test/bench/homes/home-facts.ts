import { readFile, writeFile } from 'node:fs/promises'
import { type AccountId, type MessageId, parseAccountId, parseMessageId } from '@kithmesh/node'

/** What the benchmark knows of a home, kept beside it. */
export interface HomeFacts {
  /** The same address each time, so that the other device finds this one where it last was. */
  readonly listen: string
  /** A contact of its account. */
  readonly contact: AccountId
  /** Messages its account holds, oldest first. */
  readonly messages: readonly MessageId[]
}

export async function writeFacts(home: string, facts: HomeFacts): Promise<void> {
  await writeFile(`${home}.json`, JSON.stringify(facts))
}

export async function readFacts(home: string): Promise<HomeFacts> {
  const { listen, contact, messages } = JSON.parse(await readFile(`${home}.json`, 'utf8'))
  return {
    listen: String(listen),
    contact: parseAccountId(String(contact)),
    messages: messages.map((message: unknown) => parseMessageId(String(message))),
  }
}
