import { fromHex } from '../../../shared/ops/bytes.ts'
import { encodeBatch, type ChainLink } from '../../../shared/wire/batch.ts'
import { chooseCoding, seal, type Compression } from '../../../shared/wire/envelope.ts'
import { hubHeadSchema, type HubHead, type StatusAnswer } from '../../../shared/wire/messages.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { opOf, type OpRow, type Store } from '../store/store.ts'

const keyOf = (head: { author: string; stream: number }): string => `hubHead:${head.author}:${head.stream}`

/** Keeps the hub's latest signed word on each of its own streams. */
export function rememberHeads(store: Store, heads: readonly HubHead[]): void {
  if (heads.length === 0) return
  store.transact(() => {
    for (const head of heads) {
      const known = readHead(store, head)
      if (!known || known.seq < head.seq) store.setMeta(keyOf(head), JSON.stringify(head))
    }
  })
}

function readHead(store: Store, of: { author: string; stream: number }): HubHead | null {
  const text = store.meta(keyOf(of))
  return text === null ? null : hubHeadSchema.parse(JSON.parse(text))
}

/** Gives a restored hub back what it had written itself and forgotten: grants and answers above all. */
export async function giveBack(
  deps: { store: Store; compression: Compression },
  has: StatusAnswer['hubStreams'],
  send: (body: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const { store, compression } = deps
  const heads = prepared<[], { value: string }>(store.db, `SELECT value FROM meta WHERE key LIKE 'hubHead:%'`)
    .all()
    .map(({ value }) => hubHeadSchema.parse(JSON.parse(value)))
  for (const head of heads) {
    const have = has.find(({ author, stream }) => author === head.author && stream === head.stream)?.seq ?? 0
    if (have >= head.seq) continue
    const rows = prepared<[string, number, number, number], OpRow>(
      store.db,
      'SELECT * FROM op WHERE author = ? AND stream = ? AND seq > ? AND seq <= ? ORDER BY seq',
    ).all(head.author, head.stream, have, head.seq)
    // A device that joined late does not have the whole stretch; others do.
    if (rows.length !== head.seq - have) continue
    const link: ChainLink = {
      author: head.author,
      stream: head.stream,
      previousSeq: have,
      head: fromHex(head.head),
    }
    const stamps = rows.map(({ stampMs, stampCtr, atMs }) => ({ ms: stampMs ?? atMs, ctr: stampCtr ?? 0 }))
    const batch = seal(
      compression,
      chooseCoding(compression.accepts, compression.accepts),
      encodeBatch({ ops: rows.map(opOf), links: [link], stamps }),
    )
    const headBytes = Buffer.from(JSON.stringify({ heads: [head] }))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(headBytes.length)
    await send(Buffer.concat([length, headBytes, batch]))
  }
}
