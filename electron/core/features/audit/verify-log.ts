import { createPublicKey, hash, verify } from 'node:crypto'
import { equalBytes, fromHex } from '../../../../shared/ops/bytes.ts'
import { encodeOp } from '../../../../shared/ops/canonical.ts'
import { chainNext, chainStart, type Sha256 } from '../../../../shared/ops/chain.ts'
import { opId } from '../../../../shared/ops/id.ts'
import { hubHeadSchema, hubHeadText } from '../../../../shared/wire/messages.ts'
import { openDb, type Db } from '../../../sqlite/open.ts'
import { hubLinkSchema } from '../../sync/link.ts'
import { opOf, type OpRow } from '../../store/store.ts'

export interface VerifyInput {
  readonly task: 'verifyLog'
  readonly path: string
}

/** One stream as the thread found it. */
export interface CheckedStream {
  readonly author: string
  readonly stream: number
  readonly scope: string
  readonly lane: string
  readonly ops: number
  readonly sealed: number
  readonly own: boolean
  readonly verdict: 'sound' | 'open' | 'elsewhere' | 'broken'
  readonly broken: {
    readonly opId: string
    readonly seq: number
    readonly table: string
    readonly row: string
  } | null
  /** Chain hash after each own step that no batch has frozen. */
  readonly unfrozen: readonly { readonly seq: number; readonly hash: Uint8Array }[]
}

export interface VerifyHooks {
  readonly isCancelled: () => boolean
  readonly onProgress: (progress: { done: number; total: number }) => void
}

const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const EVERY = 2000

type Row = OpRow & { hash: Uint8Array | null; sealed: Uint8Array | null }
interface Anchor {
  readonly seq: number
  readonly head: Uint8Array
}

/** Recomputes every chain of a store on a connection that cannot write. @throws Error `cancelled` */
export function verifyLog(path: string, hooks: VerifyHooks): CheckedStream[] {
  const db = openDb(path, { readOnly: true })
  try {
    const { n: total } = db.prepare('SELECT count(*) AS n FROM op').get() as { n: number }
    const anchors = anchorsOf(db)
    const own = new Set(
      (db.prepare('SELECT author, stream FROM stream').all() as { author: string; stream: number }[]).map(
        ({ author, stream }) => `${author} ${stream}`,
      ),
    )
    const streams: CheckedStream[] = []
    let done = 0
    let current: StreamCheck | null = null
    const rows = db
      .prepare<[], Row>(
        `SELECT op.*, sealedOp.hash AS sealed FROM op
           LEFT JOIN sealedOp ON sealedOp.author = op.author AND sealedOp.stream = op.stream AND sealedOp.seq = op.seq
         WHERE op.scope <> 'device' ORDER BY op.author, op.stream, op.seq`,
      )
      .iterate()
    for (const row of rows) {
      if (current?.key !== `${row.author} ${row.stream}`) {
        if (current) streams.push(current.finish())
        const key = `${row.author} ${row.stream}`
        current = new StreamCheck(row, own.has(key), anchors.get(key) ?? [])
      }
      current.add(row)
      if (++done % EVERY !== 0) continue
      if (hooks.isCancelled()) throw new Error('cancelled')
      hooks.onProgress({ done, total })
    }
    if (current) streams.push(current.finish())
    return streams
  } finally {
    db.close()
  }
}

/** Heads that somebody vouches for: this device by its signed seals and frozen batches, the hub by its signed words. */
function anchorsOf(db: Db): Map<string, Anchor[]> {
  const anchors = new Map<string, Anchor[]>()
  const add = (author: string, stream: number, anchor: Anchor) => {
    const key = `${author} ${stream}`
    anchors.set(key, [...(anchors.get(key) ?? []), anchor])
  }
  const frozen = db
    .prepare('SELECT author, stream, frozenSeq, head FROM stream WHERE head IS NOT NULL')
    .all() as {
    author: string
    stream: number
    frozenSeq: number
    head: Uint8Array
  }[]
  for (const { author, stream, frozenSeq, head } of frozen) add(author, stream, { seq: frozenSeq, head })
  const seals = db.prepare('SELECT * FROM auditSeal').all() as SealRow[]
  for (const seal of seals)
    // A seal whose signature does not hold vouches for a head that nothing can have: the stream then counts as broken.
    add(seal.author, seal.stream, {
      seq: seal.seq,
      head: isSigned(seal.publicKey, sealText(seal), seal.signature) ? seal.head : new Uint8Array(0),
    })
  const metas = db.prepare(`SELECT key, value FROM meta WHERE key = 'hub' OR key LIKE 'hubHead:%'`).all() as {
    key: string
    value: string
  }[]
  const link = hubLinkSchema.safeParse(JSON.parse(metas.find(({ key }) => key === 'hub')?.value ?? 'null'))
  if (!link.success) return anchors
  for (const { value } of metas.filter(({ key }) => key.startsWith('hubHead:'))) {
    const head = hubHeadSchema.safeParse(JSON.parse(value))
    if (
      !head.success ||
      !isSigned(link.data.hubKey, hubHeadText(link.data.belt, head.data), head.data.signature)
    )
      continue
    add(head.data.author, head.data.stream, { seq: head.data.seq, head: fromHex(head.data.head) })
  }
  return anchors
}

export interface SealRow {
  author: string
  stream: number
  seq: number
  head: Uint8Array
  publicKey: string
  signature: string
  atMs: number
}

export const sealText = ({
  author,
  stream,
  seq,
  head,
  atMs,
}: Omit<SealRow, 'publicKey' | 'signature'>): string =>
  `chanbo audit seal 1\n${author}\n${stream}\n${seq}\n${Buffer.from(head).toString('hex')}\n${atMs}`

function isSigned(key: string, text: string, signature: string): boolean {
  try {
    const publicKey = createPublicKey({
      key: Buffer.concat([SPKI_ED25519, Buffer.from(key, 'base64url')]),
      format: 'der',
      type: 'spki',
    })
    return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

class StreamCheck {
  readonly key: string
  readonly #first: Row
  readonly #own: boolean
  readonly #anchors: readonly Anchor[]
  readonly #unfrozen: { seq: number; hash: Uint8Array }[] = []
  #head: Uint8Array
  #ops = 0
  #sealed = 0
  #lastSeq = 0
  #broken: CheckedStream['broken'] = null

  constructor(first: Row, own: boolean, anchors: readonly Anchor[]) {
    this.key = `${first.author} ${first.stream}`
    this.#first = first
    this.#own = own
    this.#anchors = anchors
    this.#head = chainStart(sha256, first.author, first.stream)
  }

  add(row: Row): void {
    this.#ops++
    if (this.#broken) return
    // An op that an anchor stands before is gone, when the seq jumps over it.
    for (const { seq, head } of this.#anchors)
      if (seq >= this.#lastSeq && seq < row.seq && this.#lastSeq > 0 && !equalBytes(head, this.#head))
        return this.#breakAt(row)
    let next: Uint8Array
    try {
      next = chainNext(sha256, this.#head, encodeOp(opOf(row)))
    } catch {
      return this.#breakAt(row)
    }
    const recorded = row.hash ?? row.sealed
    const anchor = this.#anchors.find(({ seq }) => seq === row.seq)
    if (recorded && !equalBytes(recorded, next)) return this.#breakAt(row)
    // Of another device's stream only a stretch that is whole can be compared with its head.
    if (anchor && (this.#own || this.#ops === row.seq) && !equalBytes(anchor.head, next))
      return this.#breakAt(row)
    if (recorded || anchor) this.#sealed = this.#ops
    if (this.#own && !row.hash) this.#unfrozen.push({ seq: row.seq, hash: next })
    this.#head = next
    this.#lastSeq = row.seq
  }

  finish(): CheckedStream {
    const { author, stream, scope, lane } = this.#first
    // A recorded head beyond the last op: what it covered was taken away.
    const missing = this.#own && this.#anchors.some(({ seq }) => seq > this.#lastSeq)
    const broken = this.#broken ?? (missing ? { opId: '', seq: this.#lastSeq + 1, table: '', row: '' } : null)
    const verdict = broken
      ? 'broken'
      : this.#sealed === this.#ops
        ? 'sound'
        : this.#own
          ? 'open'
          : this.#sealed > 0
            ? 'open'
            : 'elsewhere'
    return {
      author,
      stream,
      scope,
      lane,
      ops: this.#ops,
      sealed: this.#sealed,
      own: this.#own,
      verdict,
      broken,
      unfrozen: this.#unfrozen,
    }
  }

  #breakAt(row: Row): void {
    this.#broken = { opId: opId(row), seq: row.seq, table: row.tbl, row: row.row }
  }
}
