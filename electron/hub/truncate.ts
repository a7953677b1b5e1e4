import { chooseCoding } from '../../shared/wire/envelope.ts'
import type { Scope } from '../../shared/ops/types.ts'
import { Aggregator } from './aggregate.ts'
import { lockBelt, readBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import type { Queries, Tx } from './database.ts'
import { truncatedSeq } from './log-start.ts'
import { OP_STATE } from './schema.ts'
import { prepareSnapshots } from './snapshot.ts'
import { freshSnapshot, TOMBSTONE_MS } from './snapshot-make.ts'
import { wholeView } from './views.ts'

const DAY_MS = 86_400_000
const SLICE = 5000
/** Fewer ops than this are not worth the work. */
const LEAST_OPS = 1000
const UPKEEP_MS = 1_800_000

export interface Retention {
  /** Accepted ops stay in the log for at least this long after the stamp they were given. */
  readonly keepMs: number
  /** A device that has not been seen for this long is not waited for: it starts again from a snapshot. */
  readonly awayMs: number
  readonly tombstoneMs: number
  readonly leastOps: number
}

export const DEFAULT_RETENTION: Retention = {
  keepMs: 30 * DAY_MS,
  awayMs: 30 * DAY_MS,
  tombstoneMs: TOMBSTONE_MS,
  leastOps: LEAST_OPS,
}

/**
 * Cuts off the start of a belt's log: what every live device has read, every backup holds and nobody is to look up any
 * more. It is in the scopes' snapshots from then on; ops that wait for an administrator stay.
 * @returns up to where the log is cut off now
 */
export async function truncate(
  hub: HubContext,
  belt: string,
  retention: Partial<Retention> = {},
): Promise<number> {
  const rules = { ...DEFAULT_RETENTION, ...retention }
  const { db } = hub.database
  const from = await truncatedSeq(db, belt)
  const bound = await boundOf(hub, belt, from, rules)
  if (bound - from < rules.leastOps) return from
  const { epoch } = await readBelt(db, belt)
  for (const scope of await scopesUpTo(db, belt, bound)) {
    const coding = chooseCoding(hub.compression.accepts, hub.compression.accepts)
    const { seq } = await freshSnapshot(hub, belt, wholeView(scope), coding, {
      from: bound,
      tombstoneMs: rules.tombstoneMs,
    })
    if (seq < bound) return from
  }
  let at = from
  while (at < bound) {
    const to = await sliceEnd(db, belt, at, bound)
    const done = await db.transaction().execute(async (tx) => {
      // A restored hub tells another story: begin again another time.
      if ((await lockBelt(tx, belt)).epoch !== epoch) return false
      await cutOff(tx, belt, to, hub.clock())
      return true
    })
    if (!done) return at
    at = to
  }
  return at
}

/** min(live cursors, backup watermark, retention). */
async function boundOf(hub: HubContext, belt: string, from: number, rules: Retention): Promise<number> {
  const { db } = hub.database
  const nowMs = hub.clock()
  const row = await readBelt(db, belt)
  if (row.recoveringUntilMs !== null) return from
  const live = await db
    .selectFrom('device')
    .select((eb) => eb.fn.min('pulledSeq').as('seq'))
    .where('belt', '=', belt)
    .where('status', '=', 'active')
    .where('lastSeenMs', '>', nowMs - rules.awayMs)
    // A device that has never read anything starts from a snapshot anyway.
    .where('pulledSeq', '>', 0)
    .executeTakeFirst()
  const young = await db
    .selectFrom('op')
    .select('hubSeq')
    .where('belt', '=', belt)
    .where('hubSeq', '>', from)
    .where('stampMs', '>', nowMs - rules.keepMs)
    .orderBy('hubSeq')
    .limit(1)
    .executeTakeFirst()
  return Math.min(
    row.backupWatermark,
    live?.seq === null || live?.seq === undefined ? row.nextSeq - 1 : Number(live.seq),
    young ? young.hubSeq - 1 : row.nextSeq - 1,
  )
}

async function scopesUpTo(db: Queries, belt: string, bound: number): Promise<Scope[]> {
  const rows = await db
    .selectFrom('op')
    .select('scope')
    .distinct()
    .where('belt', '=', belt)
    .where('state', '=', OP_STATE.applied)
    .where('hubSeq', '<=', bound)
    .execute()
  return rows.map(({ scope }) => scope as Scope)
}

async function sliceEnd(db: Queries, belt: string, after: number, bound: number): Promise<number> {
  const last = await db
    .selectFrom('op')
    .select('hubSeq')
    .where('belt', '=', belt)
    .where('hubSeq', '>', after)
    .where('hubSeq', '<=', bound)
    .orderBy('hubSeq')
    .offset(SLICE)
    .limit(1)
    .executeTakeFirst()
  return last?.hubSeq ?? bound
}

async function cutOff(tx: Tx, belt: string, to: number, nowMs: number): Promise<void> {
  const ends = await tx
    .selectFrom('op')
    .select((eb) => ['author', 'stream', eb.fn.max('seq').as('seq')])
    .where('belt', '=', belt)
    .where('hubSeq', '<=', to)
    .where('state', '=', OP_STATE.applied)
    .groupBy(['author', 'stream'])
    .execute()
  for (const { author, stream, seq } of ends) {
    const { hash } = await tx
      .selectFrom('op')
      .select('hash')
      .where('belt', '=', belt)
      .where('author', '=', author)
      .where('stream', '=', stream)
      .where('seq', '=', Number(seq))
      .executeTakeFirstOrThrow()
    const head = { seq: Number(seq), head: hash }
    await tx
      .insertInto('truncatedStream')
      .values({ belt, author, stream, ...head })
      .onConflict((conflict) => conflict.columns(['belt', 'author', 'stream']).doUpdateSet(head))
      .execute()
  }
  await tx
    .deleteFrom('op')
    .where('belt', '=', belt)
    .where('hubSeq', '<=', to)
    .where('state', '=', OP_STATE.applied)
    .execute()
  await tx
    .insertInto('truncation')
    .values({ belt, seq: to, atMs: nowMs })
    .onConflict((conflict) => conflict.column('belt').doUpdateSet({ seq: to, atMs: nowMs }))
    .execute()
}

/** PostgreSQL is backed up by its own tools: whoever runs them says here that everything so far is in a backup. */
export async function noteBackup(hub: HubContext): Promise<void> {
  for (const { belt, nextSeq } of await hub.database.db
    .selectFrom('belt')
    .select(['belt', 'nextSeq'])
    .execute())
    await hub.database.db
      .updateTable('belt')
      .set({ backupWatermark: nextSeq - 1 })
      .where('belt', '=', belt)
      .execute()
}

/** Once in a while, in every hub process: daily totals are told, snapshots made ready, and logs kept short. @returns what ends it */
export function startUpkeep(
  hub: HubContext,
  dataDir: string,
  times: { firstMs: number; everyMs: number } = { firstMs: 60_000, everyMs: UPKEEP_MS },
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let isOver = false
  let aggregator: Aggregator | null = null
  const look = async (): Promise<void> => {
    aggregator ??= new Aggregator(hub, dataDir)
    for (const { belt } of await hub.database.db.selectFrom('belt').select('belt').execute()) {
      if (isOver) return
      await aggregator.run(belt)
      await prepareSnapshots(hub, belt)
      const from = await truncatedSeq(hub.database.db, belt)
      const to = await truncate(hub, belt)
      if (to > from) hub.log.info('log truncated', { belt, to })
    }
  }
  const start = (): void => {
    running = running
      .then(look)
      .catch((error: unknown) => hub.log.error('upkeep failed', { error: String(error) }))
  }
  const first = setTimeout(start, times.firstMs)
  const timer = setInterval(start, times.everyMs)
  first.unref()
  timer.unref()
  return async () => {
    isOver = true
    clearTimeout(first)
    clearInterval(timer)
    await running
    aggregator?.close()
  }
}
