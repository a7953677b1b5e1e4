import { equalBytes } from '../../shared/ops/bytes.ts'
import { encodeOp } from '../../shared/ops/canonical.ts'
import { chainNext, chainStart } from '../../shared/ops/chain.ts'
import type { Op, Stamp } from '../../shared/ops/types.ts'
import type { ChainLink, OpBatch } from '../../shared/wire/batch.ts'
import { sha256 } from './crypto.ts'
import type { Tx } from './database.ts'
import { HubRefusal } from './errors.ts'
import { truncatedHead } from './log-start.ts'
import type { OpRow, StreamRow } from './schema.ts'

export interface OfferedOp {
  readonly op: Op
  readonly hash: Uint8Array
  readonly payload: Uint8Array
  /** The stamp it had before the hub was restored; null on its first way. */
  readonly returned: Stamp | null
}

type KnownOp = Pick<OpRow, 'seq' | 'hash' | 'hubSeq' | 'state' | 'reason' | 'stampMs' | 'stampCtr'>

/** What a batch offers for one stream, compared with what the hub has. */
export interface StreamOffer {
  readonly row: StreamRow
  readonly isNew: boolean
  readonly known: readonly (OfferedOp & { readonly at: KnownOp })[]
  readonly fresh: readonly OfferedOp[]
  readonly gap: boolean
  /** The batch starts before what is left of the log: where the stream's chain goes on after what was cut off. */
  readonly cut?: { readonly seq: number; readonly head: Uint8Array }
  readonly forkAt: number | null
}

/**
 * Recomputes the hash chains of a batch on top of what the hub has.
 * @throws HubRefusal `bad-batch` when the batch contradicts itself: foreign authors, falling seqs, a head that does not follow
 */
export async function compareStreams(
  tx: Tx,
  belt: string,
  author: string,
  batch: OpBatch,
): Promise<StreamOffer[]> {
  const groups = new Map<number, { op: Op; returned: Stamp | null }[]>()
  for (const [index, op] of batch.ops.entries()) {
    if (op.author !== author) throw new HubRefusal('bad-batch')
    const group = groups.get(op.stream)
    const item = { op, returned: batch.stamps?.[index] ?? null }
    if (group) group.push(item)
    else groups.set(op.stream, [item])
  }
  const offers: StreamOffer[] = []
  for (const [stream, items] of groups) {
    const link = batch.links.find((candidate) => candidate.stream === stream && candidate.author === author)
    if (!link || link.head.length !== 32) throw new HubRefusal('bad-batch')
    offers.push(await compareStream(tx, belt, link, items))
  }
  return offers
}

async function compareStream(
  tx: Tx,
  belt: string,
  link: ChainLink,
  items: readonly { op: Op; returned: Stamp | null }[],
): Promise<StreamOffer> {
  const { author, stream, previousSeq } = link
  const first = items[0]!.op
  const start = chainStart(sha256, author, stream)
  const existing = await tx
    .selectFrom('stream')
    .selectAll()
    .where('belt', '=', belt)
    .where('author', '=', author)
    .where('stream', '=', stream)
    .executeTakeFirst()
  const row: StreamRow = existing ?? {
    belt,
    author,
    stream,
    scope: first.scope,
    lane: first.lane,
    seq: 0,
    head: start,
    stampMs: 0,
    stampCtr: 0,
  }
  let last = previousSeq
  for (const { op } of items) {
    if (op.seq <= last || op.scope !== first.scope || op.lane !== first.lane)
      throw new HubRefusal('bad-batch')
    last = op.seq
  }
  const offer = { row, isNew: !existing }
  // Streams are numbered as a device begins them: two copies of one device begin them in different order.
  if (first.scope !== row.scope || first.lane !== row.lane)
    return { ...offer, known: [], fresh: [], gap: false, forkAt: first.seq }
  if (previousSeq > row.seq) return { ...offer, known: [], fresh: [], gap: true, forkAt: null }

  const overlap =
    previousSeq < row.seq
      ? await knownOps(tx, belt, author, stream, previousSeq, last)
      : new Map<number, KnownOp>()
  const base = previousSeq < row.seq ? await truncatedHead(tx, belt, author, stream) : null
  if (base && previousSeq < base.seq)
    return { ...offer, known: [], fresh: [], gap: true, cut: base, forkAt: null }
  let head =
    previousSeq === 0
      ? start
      : previousSeq === row.seq
        ? row.head
        : previousSeq === base?.seq
          ? base.head
          : overlap.get(previousSeq)?.hash
  if (!head) return { ...offer, known: [], fresh: [], gap: false, forkAt: previousSeq }

  const known: (OfferedOp & { at: KnownOp })[] = []
  const fresh: OfferedOp[] = []
  for (const { op, returned } of items) {
    if (op.seq > row.seq && fresh.length === 0 && !equalBytes(head, row.head))
      return { ...offer, known, fresh, gap: false, forkAt: op.seq }
    const payload = encodeOp(op)
    const hash = chainNext(sha256, head, payload)
    const item = { op, hash, payload, returned }
    if (op.seq > row.seq) fresh.push(item)
    else {
      const at = overlap.get(op.seq)
      if (!at || !equalBytes(at.hash, hash)) return { ...offer, known, fresh, gap: false, forkAt: op.seq }
      known.push({ ...item, at })
    }
    head = hash
  }
  if (!equalBytes(head, link.head)) throw new HubRefusal('bad-batch')
  return { ...offer, known, fresh, gap: false, forkAt: null }
}

async function knownOps(
  tx: Tx,
  belt: string,
  author: string,
  stream: number,
  fromSeq: number,
  toSeq: number,
): Promise<Map<number, KnownOp>> {
  const rows = await tx
    .selectFrom('op')
    .select(['seq', 'hash', 'hubSeq', 'state', 'reason', 'stampMs', 'stampCtr'])
    .where('belt', '=', belt)
    .where('author', '=', author)
    .where('stream', '=', stream)
    .where('seq', '>=', fromSeq)
    .where('seq', '<=', toSeq)
    .execute()
  return new Map(rows.map((known) => [known.seq, known]))
}
