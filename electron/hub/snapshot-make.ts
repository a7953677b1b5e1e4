import { decodeOp } from '../../shared/ops/canonical.ts'
import type { Coding } from '../../shared/wire/envelope.ts'
import { manifestSchema, manifestText, SNAPSHOT_VERSION, type Manifest } from '../../shared/wire/snapshot.ts'
import { lockBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import type { Queries, Tx } from './database.ts'
import { truncatedSeq } from './log-start.ts'
import { OP_STATE, type BeltRow, type SnapshotRow, type StreamRow } from './schema.ts'
import { layOut, type Layout } from './snapshot-build.ts'
import { todayOf } from './today.ts'
import { wholeView, type View } from './views.ts'

/** A shorter log is read from its start just as fast. */
const SMALL_LOG_OPS = 2000
/** A snapshot is made anew when the log after it has grown by this, or when its "today" is over. */
const LONG_TAIL_OPS = 4000
/** Deleted rows are remembered for people's sake for this long. */
export const TOMBSTONE_MS = 90 * 86_400_000
const KEEP_LATEST = 3

/** The latest snapshot of a view, in one coding or in any. */
export async function latestSnapshot(
  db: Queries,
  belt: string,
  view: string,
  coding: Coding | null,
): Promise<SnapshotRow | null> {
  let query = db.selectFrom('snapshot').selectAll().where('belt', '=', belt).where('view', '=', view)
  if (coding !== null) query = query.where('coding', '=', coding)
  return (await query.orderBy('seq', 'desc').limit(1).executeTakeFirst()) ?? null
}

const underWay = new WeakMap<HubContext, Map<string, Promise<SnapshotRow>>>()

export interface SnapshotNeed {
  /** It has to reach this far; it may be of any day then. */
  readonly from?: number
  readonly tombstoneMs?: number
}

/** The latest snapshot if it is recent enough, else a new one; several callers share one making. */
export function freshSnapshot(
  hub: HubContext,
  belt: string,
  view: View,
  coding: Coding,
  need: SnapshotNeed = {},
): Promise<SnapshotRow> {
  const makings = underWay.get(hub) ?? new Map<string, Promise<SnapshotRow>>()
  underWay.set(hub, makings)
  const key = `${belt} ${view.name} ${coding} ${need.from} ${need.tombstoneMs}`
  let making = makings.get(key)
  if (!making) {
    making = make(hub, belt, view, coding, need).finally(() => makings.delete(key))
    makings.set(key, making)
  }
  return making
}

async function make(
  hub: HubContext,
  belt: string,
  view: View,
  coding: Coding,
  need: SnapshotNeed,
): Promise<SnapshotRow> {
  const { db } = hub.database
  const nowMs = hub.clock()
  const today = await todayOf(db, belt, nowMs)
  const latest = await latestSnapshot(db, belt, view.name, coding)
  const begins = await truncatedSeq(db, belt)
  // Whoever read on from before the log begins would have to start again at once.
  const reaches = latest !== null && latest.seq >= begins
  if (reaches && (await serves(hub, latest, view, today.day, need))) return latest
  const { row, streams } = await cutThrough(hub, belt, view)
  const seq = row.nextSeq - 1
  if (reaches && latest.seq === seq && latest.day === today.day) return latest
  const cut = await truncatedSeq(db, belt)
  const from = await baseFor(db, belt, view, latest)
  const layout = await layOut(
    hub,
    {
      belt,
      view,
      coding,
      epoch: row.epoch,
      seq,
      nowMs,
      today,
      forgetBeforeMs: nowMs - (need.tombstoneMs ?? TOMBSTONE_MS),
      truncatedSeq: cut,
    },
    from,
  )
  // The log was cut off while it was read: what is gone is in a later snapshot now.
  if ((await truncatedSeq(db, belt)) > cut) return make(hub, belt, view, coding, need)
  const unsigned: Omit<Manifest, 'signature'> = {
    version: SNAPSHOT_VERSION,
    belt,
    scope: view.scope as Manifest['scope'],
    epoch: row.epoch,
    seq,
    usable: layout.usable,
    chunks: [...layout.chunks],
    streams: streams.map(({ author, stream, seq: last, head }) => [
      author,
      stream,
      last,
      Buffer.from(head).toString('base64url'),
    ]),
  }
  const manifest = { ...unsigned, signature: hub.signer.sign(manifestText(unsigned)) }
  const snapshot: SnapshotRow = {
    belt,
    view: view.name,
    coding,
    seq,
    epoch: row.epoch,
    day: today.day,
    madeMs: nowMs,
    manifest: JSON.stringify(manifest),
    facts: JSON.stringify(layout.facts),
  }
  return (await save(hub, snapshot, layout)) ? snapshot : make(hub, belt, view, coding, need)
}

async function serves(
  hub: HubContext,
  latest: SnapshotRow,
  view: View,
  day: string,
  need: SnapshotNeed,
): Promise<boolean> {
  if (need.from !== undefined) return latest.seq >= need.from
  const tail = { after: latest.seq, limit: LONG_TAIL_OPS }
  return latest.day === day && !(await isLong(hub, latest.belt, view, tail))
}

/**
 * What a new snapshot goes on from. What was cut off the log since an older snapshot is only in the newest one of the scope,
 * whatever its coding and however much of the scope it shows.
 */
async function baseFor(
  db: Queries,
  belt: string,
  view: View,
  latest: SnapshotRow | null,
): Promise<SnapshotRow | null> {
  const others = [
    await latestSnapshot(db, belt, view.name, null),
    await latestSnapshot(db, belt, wholeView(view.scope).name, null),
  ]
  return others.reduce((best, other) => (other && (!best || other.seq > best.seq) ? other : best), latest)
}

/** How far the belt is, and how far each of its streams, at one moment. */
export function cutThrough(
  hub: HubContext,
  belt: string,
  view: View,
): Promise<{ row: BeltRow; streams: StreamRow[] }> {
  return hub.database.db.transaction().execute(async (tx) => {
    const row = await lockBelt(tx, belt)
    const streams = await tx
      .selectFrom('stream')
      .selectAll()
      .where('belt', '=', belt)
      .where('scope', '=', view.scope)
      .orderBy('author')
      .orderBy('stream')
      .execute()
    return { row, streams }
  })
}

/** @returns false when what was to be forgotten has been brought back meanwhile; nothing is saved then */
function save(hub: HubContext, snapshot: SnapshotRow, { fresh, forgotten }: Layout): Promise<boolean> {
  const { belt, view, coding } = snapshot
  return hub.database.db.transaction().execute(async (tx) => {
    if (forgotten.length > 0) {
      await lockBelt(tx, belt)
      if (await isBroughtBack(tx, snapshot, new Set(forgotten))) return false
      for (const row of forgotten)
        await tx
          .insertInto('forgottenRow')
          .values({ belt, row })
          .onConflict((conflict) => conflict.columns(['belt', 'row']).doNothing())
          .execute()
    }
    for (const [hash, bytes] of fresh)
      await tx
        .insertInto('snapshotChunk')
        .values({ belt, hash, bytes })
        .onConflict((conflict) => conflict.columns(['belt', 'hash']).doNothing())
        .execute()
    const { belt: _belt, view: _view, coding: _coding, seq: _seq, ...content } = snapshot
    await tx
      .insertInto('snapshot')
      .values(snapshot)
      .onConflict((conflict) => conflict.columns(['belt', 'view', 'coding', 'seq']).doUpdateSet(content))
      .execute()
    const older = await tx
      .selectFrom('snapshot')
      .select('seq')
      .where('belt', '=', belt)
      .where('view', '=', view)
      .where('coding', '=', coding)
      .orderBy('seq', 'desc')
      .offset(KEEP_LATEST)
      .limit(1000)
      .execute()
    if (older.length === 0) return true
    await tx
      .deleteFrom('snapshot')
      .where('belt', '=', belt)
      .where('view', '=', view)
      .where('coding', '=', coding)
      .where(
        'seq',
        'in',
        older.map(({ seq }) => seq),
      )
      .execute()
    await dropOrphans(tx, belt)
    return true
  })
}

/** Whether one of the rows was restored after the snapshot's cut. */
async function isBroughtBack(
  tx: Tx,
  { belt, seq }: SnapshotRow,
  rows: ReadonlySet<string>,
): Promise<boolean> {
  const later = await tx
    .selectFrom('op')
    .select('payload')
    .where('belt', '=', belt)
    .where('hubSeq', '>', seq)
    .where('state', '=', OP_STATE.applied)
    .where('lane', '=', 'register')
    .execute()
  return later.some(({ payload }) => {
    const { kind, row } = decodeOp(payload)
    return kind === 'restore' && rows.has(row)
  })
}

async function dropOrphans(tx: Queries, belt: string): Promise<void> {
  const named = new Set<string>()
  for (const { manifest } of await tx
    .selectFrom('snapshot')
    .select('manifest')
    .where('belt', '=', belt)
    .execute())
    for (const [hash] of manifestSchema.parse(JSON.parse(manifest)).chunks) named.add(hash)
  const all = await tx.selectFrom('snapshotChunk').select('hash').where('belt', '=', belt).execute()
  for (const { hash } of all)
    if (!named.has(hash))
      await tx.deleteFrom('snapshotChunk').where('belt', '=', belt).where('hash', '=', hash).execute()
}

/** Whether a scope's log has more than `limit` ops after a sequence, leaving out those of one author. */
export async function isLong(
  hub: HubContext,
  belt: string,
  view: View,
  what: { after: number; not?: string; limit?: number },
): Promise<boolean> {
  let query = hub.database.db
    .selectFrom('op')
    .select('hubSeq')
    .where('belt', '=', belt)
    .where('scope', '=', view.scope)
    .where('state', '=', OP_STATE.applied)
    .where('hubSeq', '>', what.after)
  if (what.not !== undefined) query = query.where('author', '<>', what.not)
  const rows = await query
    .orderBy('hubSeq')
    .offset(what.limit ?? SMALL_LOG_OPS)
    .limit(1)
    .execute()
  return rows.length > 0
}
