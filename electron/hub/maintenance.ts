import { copyFileSync, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { makeBackup, verifyBackup } from '../sqlite/backup.ts'
import { openDb, type Db } from '../sqlite/open.ts'
import { decodeOp, encodeOp } from '../../shared/ops/canonical.ts'
import { chainNext, chainStart } from '../../shared/ops/chain.ts'
import { equalBytes } from '../../shared/ops/bytes.ts'
import type { HubContext } from './context.ts'
import { sha256 } from './crypto.ts'
import { truncatedHead } from './log-start.ts'

/** Devices have this long to give back what a restored hub has lost before claims are decided without them. */
const REFILL_MS = 15 * 60_000

/** A verified copy of the embedded database. Devices may forget what lies before it, so its place is noted in the live one. */
export async function backUp(hub: HubContext, folder: string): Promise<string> {
  const { file, db } = hub.database
  if (!file) throw new Error('PostgreSQL is backed up by its own tools')
  const belts = await db.selectFrom('belt').select(['belt', 'nextSeq']).execute()
  const { path } = await makeBackup(file, folder, 'hub', hub.clock())
  for (const { belt, nextSeq } of belts)
    await db
      .updateTable('belt')
      .set({ backupWatermark: nextSeq - 1 })
      .where('belt', '=', belt)
      .execute()
  return path
}

/**
 * Puts a backup in the place of the hub's database, which must not be in use; what was there is kept beside it. Every belt
 * starts a new epoch, so that its devices give back what the backup does not have, and claims wait for that.
 */
export function restore(dataDir: string, backup: string, nowMs: number): void {
  if (!verifyBackup(backup)) throw new Error('the backup does not open')
  const path = join(dataDir, 'hub.db')
  const incoming = `${path}.restoring`
  copyFileSync(backup, incoming)
  const replaced = epochsOf(path)
  const db = openDb(incoming)
  try {
    db.transaction(() => startEpochs(db, nowMs, replaced)).immediate()
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma('journal_mode = DELETE')
  } finally {
    db.close()
  }
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.replaced-${nowMs}${suffix}`)
  renameSync(incoming, path)
}

/** Epochs follow the seconds since this day: a backup that is restored twice begins two different ones. */
const EPOCHS_SINCE_MS = Date.UTC(2026, 0, 1)
/** More than a hub grants in a second, and between two backups: fences that a restored hub has forgotten are not given again. */
const FENCE_LEAP = 1_000_000

/** How far a belt's numbers have come. */
export interface BeltEpoch {
  readonly belt: string
  readonly epoch: number
  readonly nextFence: number
}

/**
 * What a restored belt begins with: an epoch and a fence above those of the backup, of the database that it replaces, where
 * there is one, and of what an earlier restore of the same backup began with, as long as the clock did not go back meanwhile.
 */
export function newEpoch(
  restored: BeltEpoch,
  replaced: Omit<BeltEpoch, 'belt'> | undefined,
  nowMs: number,
): { epoch: number; nextFence: number; recoveringUntilMs: number } {
  const seconds = Math.floor((nowMs - EPOCHS_SINCE_MS) / 1000)
  const epoch = Math.max(restored.epoch + 1, (replaced?.epoch ?? 0) + 1, seconds)
  const nextFence = Math.max(restored.nextFence, replaced?.nextFence ?? 0) + FENCE_LEAP
  return {
    epoch,
    nextFence: Math.max(nextFence, seconds * FENCE_LEAP),
    recoveringUntilMs: nowMs + REFILL_MS,
  }
}

export const beltEpochs = (db: Db): BeltEpoch[] =>
  db.prepare<[], BeltEpoch>('SELECT belt, epoch, nextFence FROM belt').all()

/** Those of a database that is about to be replaced; none where it is absent or cannot be read any more. */
function epochsOf(path: string): BeltEpoch[] {
  if (!existsSync(path)) return []
  try {
    const db = openDb(path)
    try {
      return beltEpochs(db)
    } finally {
      db.close()
    }
  } catch {
    return []
  }
}

/** A new epoch for every belt, in which nothing gets a number that the forgotten one may have given. */
export function startEpochs(db: Db, nowMs: number, replaced: readonly BeltEpoch[] = []): void {
  const former = new Map(replaced.map((row) => [row.belt, row]))
  const update = db.prepare(
    'UPDATE belt SET epoch = ?, nextFence = ?, lastTimeMs = max(lastTimeMs, ?), recoveringUntilMs = ? WHERE belt = ?',
  )
  for (const row of beltEpochs(db)) {
    const { epoch, nextFence, recoveringUntilMs } = newEpoch(row, former.get(row.belt), nowMs)
    update.run(epoch, nextFence, nowMs, recoveringUntilMs, row.belt)
  }
  db.prepare(
    'INSERT INTO epochStart (belt, epoch, fromSeq, startedMs) SELECT belt, epoch, nextSeq - 1, ? FROM belt',
  ).run(nowMs)
  // Some may have been used since: nobody else enters by them.
  db.prepare('UPDATE enrolCode SET expiresMs = ? WHERE usedMs IS NULL AND expiresMs >= ?').run(
    nowMs - 1,
    nowMs,
  )
}

export interface Finding {
  readonly what: string
  readonly problem: string | null
}

/** Reads everything and recomputes every chain. */
export async function examine(hub: HubContext): Promise<Finding[]> {
  const { db, file } = hub.database
  const findings: Finding[] = []
  if (file) {
    const verdict = String(file.pragma('integrity_check(1)', { simple: true }))
    findings.push({ what: 'database file', problem: verdict === 'ok' ? null : verdict })
  }
  for (const { belt, nextSeq } of await db.selectFrom('belt').select(['belt', 'nextSeq']).execute()) {
    const last = await db
      .selectFrom('op')
      .select((eb) => eb.fn.max('hubSeq').as('seq'))
      .where('belt', '=', belt)
      .executeTakeFirst()
    const ahead = Number(last?.seq ?? 0) >= nextSeq
    findings.push({
      what: `belt ${belt}: order`,
      problem: ahead ? 'an op lies beyond the next sequence' : null,
    })
    const streams = await db.selectFrom('stream').selectAll().where('belt', '=', belt).execute()
    for (const stream of streams) {
      const base = await truncatedHead(db, belt, stream.author, stream.stream)
      const ops = await db
        .selectFrom('op')
        .select(['seq', 'hash', 'payload'])
        .where('belt', '=', belt)
        .where('author', '=', stream.author)
        .where('stream', '=', stream.stream)
        .where('seq', '>', base?.seq ?? 0)
        .orderBy('seq')
        .execute()
      let head = base?.head ?? chainStart(sha256, stream.author, stream.stream)
      let broken: number | null = null
      for (const { seq, hash, payload } of ops) {
        head = chainNext(sha256, head, encodeOp(decodeOp(payload)))
        if (!equalBytes(head, hash)) {
          broken = seq
          break
        }
      }
      const problem =
        broken !== null
          ? `chain broken at ${broken}`
          : equalBytes(head, stream.head)
            ? null
            : 'head does not follow'
      findings.push({
        what: `belt ${belt}: stream ${stream.author}/${stream.stream}, ${ops.length} ops`,
        problem,
      })
    }
  }
  return findings
}
