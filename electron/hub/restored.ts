import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { z } from 'zod'
import { toHex } from '../../shared/ops/bytes.ts'
import { replaceText } from '../sqlite/text-file.ts'
import { lockBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import type { Queries, Tx } from './database.ts'
import { newEpoch } from './maintenance.ts'
import { truncatedSeq } from './log-start.ts'
import { readWhere, type Place } from './place.ts'

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
 * Recognises a database that was put back by whatever tool. PostgreSQL: by the mark of its place. Both engines: by how far this
 * process has seen each belt, kept beside it and never in a backup of the database.
 */
export function restoreWatch(hub: HubContext, dataDir: string): RestoreWatch {
  const path = join(dataDir, 'hub-seen.json')
  let seen = readSeen(path)
  let isFirst = true

  const note = async (db: Queries): Promise<void> => {
    const now = await readHeads(db)
    if (JSON.stringify(now) === JSON.stringify(seen)) return
    replaceText(path, JSON.stringify(now))
    seen = now
  }

  /** @returns whether new epochs were begun */
  const lookIn = async (tx: Tx): Promise<boolean> => {
    const isOlder = await isBehind(tx, seen)
    // While this process served, ops may have been numbered anew since then: nobody's cursor is trusted.
    if (isOlder) await startEpochsIn(tx, hub.clock(), isFirst ? 'end' : 'start', seen)
    return isOlder
  }
  /** @returns null where somebody is filling the tables again at this moment */
  const lookAtPlace = async (tx: Tx, place: Place): Promise<boolean | null> => {
    await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(tx)
    const found = await place.find(tx)
    if (found === 'gone') return null
    // Nobody has written anything in a database that has moved.
    if (found === 'moved') await startEpochsIn(tx, hub.clock(), 'end', seen)
    else if (found === 'older') await startEpochsIn(tx, hub.clock(), 'start', seen)
    const isRestored = found === 'moved' || found === 'older' || (await lookIn(tx))
    if (isRestored || found === 'unmarked') await place.write(tx, hub.clock())
    place.expect(await readWhere(tx))
    return isRestored
  }

  return {
    async look() {
      const { db, place } = hub.database
      const isRestored = await db.transaction().execute((tx) => (place ? lookAtPlace(tx, place) : lookIn(tx)))
      if (isRestored === null) {
        hub.log.warn('the database has lost its mark: nothing is written until it is whole again')
        return false
      }
      isFirst = false
      await note(db)
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
  // Some may have been used since: nobody else enters by them.
  await tx
    .updateTable('enrolCode')
    .set({ expiresMs: nowMs - 1 })
    .where('usedMs', 'is', null)
    .where('expiresMs', '>=', nowMs)
    .execute()
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
  const { place } = hub.database
  if (place) place.onMoved = () => void look()
  return async () => {
    clearInterval(timer)
    await running
    await look()
  }
}
