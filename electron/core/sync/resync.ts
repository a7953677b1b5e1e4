import { opId } from '../../../shared/ops/id.ts'
import type { Manifest, SnapshotAnswer } from '../../../shared/wire/snapshot.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { OpRow, Store } from '../store/store.ts'
import type { RowName } from '../store/rebuild.ts'
import { isOnChain } from './chain.ts'

/** Ops looked at in one transaction. */
const SLICE = 400

export interface SweepJob {
  readonly scope: string
  readonly manifest: Manifest
  readonly held: SnapshotAnswer['held']
}

/**
 * After a whole snapshot has been taken over by a device whose cursor was older than the hub's log: what the snapshot does
 * not hold was superseded, or deleted so long ago that the deletion itself is forgotten, and goes. Own work that the hub
 * has not seen stays; own work that it has settled is settled here. Can be repeated from the start at any time.
 * @param goesOn false once this one has made way for another
 */
export async function sweep(
  store: Store,
  job: SweepJob,
  pause: () => Promise<void>,
  goesOn: () => boolean,
): Promise<void> {
  settleHeld(store, job)
  const seen = new Map(job.manifest.streams.map((head) => [`${head[0]} ${head[1]}`, headOf(store, head)]))
  const atHub = ({ author, stream, seq, state }: OpRow): boolean => {
    const head = seen.get(`${author} ${stream}`)
    if (!head || seq > head.seq) return false
    // What was never answered may be a twin's under the same name.
    return state !== 'pending' || head.isOwn()
  }
  for (let from = 0; ;) {
    const next = store.transact(() => {
      if (!goesOn()) return null
      const rows = prepared<[number, string, number], OpRow>(
        store.db,
        `SELECT op.* FROM op WHERE n > ? AND scope = ? AND state IN ('canonical', 'pending') ORDER BY n LIMIT ?`,
      ).all(from, job.scope, SLICE)
      const touched = new Map<string, RowName>()
      for (const row of rows) {
        if (!atHub(row) || isKept(store, job, row)) continue
        if (row.state === 'pending') settleSuperseded(store, job, row)
        else if (!isOlder(row, job)) continue
        else if (!isOwn(store, row)) prepared(store.db, 'DELETE FROM op WHERE n = ?').run(row.n)
        prepared(store.db, 'DELETE FROM unknownOp WHERE opN = ?').run(row.n)
        touched.set(`${row.tbl} ${row.row}`, { tbl: row.tbl, row: row.row })
      }
      for (const name of touched.values()) forget(store, job, name, atHub)
      store.rebuild([...touched.values()])
      for (const name of touched.values()) noteLost(store, name)
      return rows.length < SLICE ? null : rows.at(-1)!.n
    })
    if (next === null) return
    from = next
    await pause()
  }
}

interface StreamEnd {
  readonly seq: number
  /** Whether this store's own chain leads there. */
  readonly isOwn: () => boolean
}

function headOf(store: Store, [author, stream, seq, head]: Manifest['streams'][number]): StreamEnd {
  let known: boolean | null = null
  const hash = Buffer.from(head, 'base64url')
  return { seq, isOwn: () => (known ??= isOnChain(store, { author, stream, seq, hash })) }
}

/** What arrived after the cut is none of the snapshot's business. */
const isOlder = (row: OpRow, { manifest }: SweepJob): boolean =>
  row.hubEpoch !== manifest.epoch || (row.hubSeq ?? 0) <= manifest.seq

/** Own ops stay in the log: it is the record of what was done here, and its chain has no holes. */
const isOwn = (store: Store, { author, stream }: OpRow): boolean =>
  prepared(store.db, 'SELECT 1 FROM stream WHERE author = ? AND stream = ?').get(author, stream) !== undefined

const isKept = (store: Store, job: SweepJob, row: OpRow): boolean =>
  prepared(
    store.db,
    'SELECT 1 FROM snapshotKept WHERE scope = ? AND author = ? AND stream = ? AND seq = ?',
  ).get(job.scope, row.author, row.stream, row.seq) !== undefined

function settleHeld(store: Store, { held, manifest }: SweepJob): void {
  const own = held.filter(
    ({ hash, ...op }) =>
      hash === undefined || isOnChain(store, { ...op, hash: Buffer.from(hash, 'base64url') }),
  )
  store.applyVerdicts(
    own.map(({ author, stream, seq, hub, verdict, reason, stamp }) => ({
      author,
      stream,
      seq,
      verdict: { kind: verdict, reason },
      hubEpoch: manifest.epoch,
      hubSeq: hub,
      stamp: { ms: stamp[0], ctr: stamp[1] },
    })),
  )
}

/** The hub took it, the answer was lost, and a later write has replaced it since: it counts, below everything else. */
function settleSuperseded(store: Store, { manifest }: SweepJob, row: OpRow): void {
  prepared(
    store.db,
    `UPDATE op SET state = 'canonical', hubEpoch = ?, hubSeq = 0, stampMs = 0, stampCtr = 0 WHERE n = ?`,
  ).run(manifest.epoch, row.n)
}

/** Own ops of a row that the snapshot has forgotten make no row any more. */
function forget(store: Store, job: SweepJob, { tbl, row }: RowName, atHub: (row: OpRow) => boolean): void {
  const ops = opsOf(store, { tbl, row })
  const isGone = (op: OpRow): boolean => atHub(op) && isOlder(op, job) && !isKept(store, job, op)
  if (ops.some((op) => MAKES.has(op.kind) && !isGone(op))) return
  const mark = prepared(store.db, `UPDATE op SET verdict = '{"kind":"forgotten"}' WHERE n = ?`)
  for (const op of ops) if (isGone(op)) mark.run(op.n)
}

const MAKES = new Set(['create', 'fact', 'claim'])
const opsOf = (store: Store, { tbl, row }: RowName): OpRow[] =>
  prepared<[string, string], OpRow>(
    store.db,
    `SELECT * FROM op WHERE tbl = ? AND row = ? AND state IN ('canonical', 'pending') ORDER BY n`,
  ).all(tbl, row)

/** An own edit whose row is gone is shown to the person who made it. */
function noteLost(store: Store, { tbl, row }: RowName): void {
  const left = opsOf(store, { tbl, row }).filter(({ verdict }) => verdict === null)
  if (left.some(({ kind }) => MAKES.has(kind))) return
  const own = left.findLast(({ author }) => author === store.author)
  if (own)
    prepared(
      store.db,
      `INSERT OR IGNORE INTO conflict (kind, tbl, row, opId, details, atMs) VALUES ('edit-meets-deletion', ?, ?, ?, '{}', ?)`,
    ).run(tbl, row, opId(own), own.atMs)
}
