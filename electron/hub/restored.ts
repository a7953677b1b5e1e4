import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { z } from 'zod'
import { toHex } from '../../shared/ops/bytes.ts'
import { lockBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import type { Queries, Tx } from './database.ts'
import { newEpoch } from './maintenance.ts'
import { truncatedSeq } from './log-start.ts'

/** One process at a time looks and decides. */
const LOCK = 4_836_202

const seenSchema = z.record(z.string(), z.object({ epoch: z.int(), seq: z.int(), hash: z.string() }))
type Seen = z.output<typeof seenSchema>

export interface RestoreWatch {
  /**
   * Begins a new epoch in every belt when the database is not the one it was: put back from a backup or a dump, or to an
   * earlier point in time. @returns whether it did
   */
  look(): Promise<boolean>
}

/**
 * Recognises a database that was put back by whatever tool. PostgreSQL: by a mark in it that names its cluster, timeline,
 * database, table and transaction, none of which a dump brings along. Both engines: by how far this process has seen each belt,
 * kept beside the process and never in a backup of the database.
 */
export function restoreWatch(hub: HubContext, dataDir: string): RestoreWatch {
  const path = join(dataDir, 'hub-seen.json')
  let seen = readSeen(path)
  let isFirst = true

  const note = async (db: Queries): Promise<void> => {
    const now = await readHeads(db)
    if (JSON.stringify(now) === JSON.stringify(seen)) return
    const partial = `${path}.partial`
    writeFileSync(partial, JSON.stringify(now), { mode: 0o600, flush: true })
    renameSync(partial, path)
    seen = now
  }

  return {
    async look() {
      const isRestored = await hub.database.db.transaction().execute(async (tx) => {
        if (hub.database.kind === 'postgres') await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(tx)
        const moved = hub.database.kind === 'postgres' && !(await isInPlace(tx))
        if (!moved && !(await isBehind(tx, seen))) {
          if (hub.database.kind === 'postgres') await markIfNew(tx, hub.clock())
          return false
        }
        // While this process served, ops may have been numbered anew since then: nobody's cursor is trusted.
        await startEpochsIn(tx, hub.clock(), isFirst ? 'end' : 'start', seen)
        if (hub.database.kind === 'postgres') await writeMark(tx, hub.clock())
        return true
      })
      isFirst = false
      await note(hub.database.db)
      if (isRestored) hub.log.warn('the database was restored: devices give back what it lacks')
      return isRestored
    },
  }
}

/** A file that is not there or cannot be read tells nothing; it never keeps a hub from starting. */
function readSeen(path: string): Seen {
  try {
    return seenSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return {}
  }
}

async function readHeads(db: Queries): Promise<Seen> {
  const belts = await db.selectFrom('belt').select(['belt', 'epoch', 'nextSeq']).orderBy('belt').execute()
  const heads: Seen = {}
  for (const { belt, epoch, nextSeq } of belts)
    heads[belt] = { epoch, seq: nextSeq - 1, hash: (await hashAt(db, belt, nextSeq - 1)) ?? '' }
  return heads
}

async function hashAt(db: Queries, belt: string, seq: number): Promise<string | null> {
  const row = await db
    .selectFrom('op')
    .select('hash')
    .where('belt', '=', belt)
    .where('hubSeq', '=', seq)
    .executeTakeFirst()
  return row ? toHex(row.hash) : null
}

/** Whether a belt lacks, or has something else in place of, what this process has seen in it. */
async function isBehind(db: Queries, seen: Seen): Promise<boolean> {
  const belts = await db.selectFrom('belt').select(['belt', 'epoch', 'nextSeq']).execute()
  for (const { belt, epoch, nextSeq } of belts) {
    const known = seen[belt]
    if (!known || epoch > known.epoch) continue
    if (epoch < known.epoch || nextSeq <= known.seq) return true
    const hash = await hashAt(db, belt, known.seq)
    if (known.hash !== '' && hash !== null && hash !== known.hash) return true
  }
  return false
}

/** Where the database is now; a part that its server does not tell is left out. */
async function placeNow(tx: Tx): Promise<string> {
  const { rows } = await sql<{ text: string }>`
    SELECT concat_ws('/',
      (SELECT oid FROM pg_database WHERE datname = current_database()),
      'belt'::regclass::oid, 'op'::regclass::oid,
      CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
        THEN (SELECT system_identifier FROM pg_control_system()) END,
      CASE WHEN pg_is_in_recovery() THEN NULL ELSE substring(pg_walfile_name(pg_current_wal_lsn()) FOR 8) END
    ) AS text`.execute(tx)
  return rows[0]!.text
}

/** True as well for a database that was never marked. */
async function isInPlace(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ mark: string; writtenBy: string; xmin: string }>`
    SELECT mark, "writtenBy", xmin::text AS xmin FROM place`.execute(tx)
  const [row] = rows
  return !row || (row.writtenBy === row.xmin && row.mark === (await placeNow(tx)))
}

async function markIfNew(tx: Tx, nowMs: number): Promise<void> {
  const { rows } = await sql`SELECT 1 FROM place`.execute(tx)
  if (rows.length === 0) await writeMark(tx, nowMs)
}

async function writeMark(tx: Tx, nowMs: number): Promise<void> {
  const mark = await placeNow(tx)
  await sql`
    INSERT INTO place (one, mark, "writtenBy", "atMs") VALUES (1, ${mark}, pg_current_xact_id()::xid::text, ${nowMs})
    ON CONFLICT (one) DO UPDATE SET mark = excluded.mark, "writtenBy" = excluded."writtenBy", "atMs" = excluded."atMs"`.execute(
    tx,
  )
}

/**
 * A new epoch for every belt, in which nothing gets a number that the forgotten one may have given.
 * @param seen how far this process has seen the belts
 * @param from where devices read on: at the `end` of what is here, or from the `start` of the log
 */
export async function startEpochsIn(tx: Tx, nowMs: number, from: 'start' | 'end', seen: Seen): Promise<void> {
  for (const { belt } of await tx.selectFrom('belt').select('belt').orderBy('belt').execute()) {
    const row = await lockBelt(tx, belt)
    const { epoch, nextFence, recoveringUntilMs } = newEpoch(
      row,
      { epoch: seen[belt]?.epoch ?? 0, nextFence: 0 },
      nowMs,
    )
    await tx
      .updateTable('belt')
      .set({ epoch, nextFence, recoveringUntilMs, lastTimeMs: Math.max(row.lastTimeMs, nowMs) })
      .where('belt', '=', belt)
      .execute()
    const fromSeq = from === 'end' ? row.nextSeq - 1 : await truncatedSeq(tx, belt)
    await tx.insertInto('epochStart').values({ belt, epoch, fromSeq, startedMs: nowMs }).execute()
  }
}

/** Looks now and then until it is told to end; what it has seen by then is kept. */
export function startRestoreWatch(
  hub: HubContext,
  watch: RestoreWatch,
  everyMs: number,
): () => Promise<void> {
  let running: Promise<unknown> | null = null
  const look = (): Promise<unknown> =>
    (running ??= watch
      .look()
      .catch((error: unknown) =>
        hub.log.warn('could not look whether the database was restored', { error: String(error) }),
      )
      .finally(() => (running = null)))
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
    await look()
  }
}
