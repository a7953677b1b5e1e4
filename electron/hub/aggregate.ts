import { decodeOp } from '../../shared/ops/canonical.ts'
import type { CanonicalOp } from '../../shared/ops/types.ts'
import { AggregateCache } from './aggregate-cache.ts'
import { readBelt } from './belts.ts'
import { withBench } from './bench.ts'
import type { HubContext } from './context.ts'
import { truncatedSeq } from './log-start.ts'
import { OP_STATE, type BeltRow } from './schema.ts'
import { readSnapshotOps } from './snapshot-build.ts'
import { latestSnapshot } from './snapshot-make.ts'
import { beltZone } from './today.ts'

const SLICE = 2000
/** Totals told in one transaction. */
const MOST_NEWS = 2000

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * The hub as a device of its own that tells everybody the daily totals of every base: officials and other bases see figures,
 * never orders. Totals are of whole bases, not of merchants.
 */
export class Aggregator {
  readonly #hub: HubContext
  readonly #cache: AggregateCache

  constructor(hub: HubContext, dataDir: string) {
    this.#hub = hub
    this.#cache = new AggregateCache(dataDir)
  }

  close(): void {
    this.#cache.close()
  }

  /** Counts what is new of a belt and writes the totals that have changed. @returns how many were written */
  async run(belt: string): Promise<number> {
    const { db } = this.#hub.database
    const row = await readBelt(db, belt)
    if (row.recoveringUntilMs !== null || !(await this.#hasReaders(belt))) return 0
    const known = this.#cache.cursor(belt, 'belt')
    if (known.epoch !== 0 && known.epoch !== row.epoch) this.#cache.forget(belt)
    const timeZone = await beltZone(db, belt)
    for (const scope of await this.#scopes(belt)) await this.#count(row, scope, timeZone)
    const news = this.#cache.news(belt, MOST_NEWS)
    if (news.length === 0) return 0
    const written = await withBench(this.#hub, belt, async (bench) => {
      const { epoch } = bench.counters.row
      if (epoch !== row.epoch || (await this.#toldByAnother(bench.tx, belt, epoch))) return 0
      for (const { baseId, day, metric, value } of news) {
        const fields = { baseId, merchantId: null, dayKey: day, metric, value, version: bench.nowMs }
        await bench.author.fact('dayAggregate', fields)
      }
      return news.length
    })
    await this.#count(await readBelt(db, belt), 'belt', timeZone)
    return written
  }

  /** Somebody reads the belt who does not have all of its bases. */
  async #hasReaders(belt: string): Promise<boolean> {
    const rows = await this.#hub.database.db
      .selectFrom('device')
      .select('author')
      .where('belt', '=', belt)
      .where((eb) => eb.or([eb('role', '=', 'official'), eb('baseId', 'is not', null)]))
      .limit(1)
      .execute()
    return rows.length > 0
  }

  async #scopes(belt: string): Promise<string[]> {
    const rows = await this.#hub.database.db
      .selectFrom('stream')
      .select('scope')
      .distinct()
      .where('belt', '=', belt)
      .execute()
    return ['belt', ...rows.map(({ scope }) => scope).filter((scope) => scope !== 'belt')]
  }

  /** Another hub process of the same database may have told them meanwhile. */
  async #toldByAnother(db: HubContext['database']['db'], belt: string, epoch: number): Promise<boolean> {
    const rows = await db
      .selectFrom('op')
      .select('hubSeq')
      .where('belt', '=', belt)
      .where('scope', '=', 'belt')
      .where('lane', '=', 'fact')
      .where('author', '=', this.#hub.authorName(belt, epoch))
      .where('hubSeq', '>', this.#cache.cursor(belt, 'belt').seq)
      .limit(1)
      .execute()
    return rows.length > 0
  }

  async #count(row: BeltRow, scope: string, timeZone: string): Promise<void> {
    const { belt, epoch } = row
    const { db } = this.#hub.database
    const last = row.nextSeq - 1
    let { seq } = this.#cache.cursor(belt, scope)
    if (seq < (await truncatedSeq(db, belt))) {
      const snapshot = await latestSnapshot(db, belt, scope, null)
      if (!snapshot) return
      // What has been counted before changes nothing when it comes again.
      for await (const ops of readSnapshotOps(this.#hub, snapshot)) {
        this.#cache.add(belt, scope, ops, { epoch, seq }, timeZone)
        await breathe()
      }
      seq = snapshot.seq
    }
    while (seq < last) {
      const rows = await db
        .selectFrom('op')
        .select(['hubSeq', 'payload'])
        .where('belt', '=', belt)
        .where('scope', '=', scope)
        .where('state', '=', OP_STATE.applied)
        .where('hubSeq', '>', seq)
        .where('hubSeq', '<=', last)
        .orderBy('hubSeq')
        .limit(SLICE)
        .execute()
      const ops = rows.map(({ hubSeq, payload }): CanonicalOp => {
        const op = decodeOp(payload)
        return { ...op, hubEpoch: epoch, hubSeq, stamp: op.at }
      })
      seq = rows.length < SLICE ? last : rows.at(-1)!.hubSeq
      this.#cache.add(belt, scope, ops, { epoch, seq }, timeZone)
      await breathe()
    }
  }
}
