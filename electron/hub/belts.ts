import type { Stamp } from '../../shared/ops/types.ts'
import { hubTimeAfter } from '../../shared/ops/stamp.ts'
import { HubRefusal } from './errors.ts'
import type { Queries, Tx } from './database.ts'
import type { BeltRow } from './schema.ts'

/**
 * Takes the belt's row lock. Every writing transaction starts here, so that hub sequences and fences of a belt are handed
 * out and committed in one order and no reader can skip a late commit.
 */
export async function lockBelt(tx: Tx, belt: string): Promise<BeltRow> {
  const row = await tx
    .updateTable('belt')
    .set((eb) => ({ nextSeq: eb.ref('nextSeq') }))
    .where('belt', '=', belt)
    .returningAll()
    .executeTakeFirst()
  if (!row) throw new HubRefusal('not-found')
  return row
}

export async function readBelt(db: Queries, belt: string): Promise<BeltRow> {
  const row = await db.selectFrom('belt').selectAll().where('belt', '=', belt).executeTakeFirst()
  if (!row) throw new HubRefusal('not-found')
  return row
}

/** Hands out hub sequences, fences and readings of hub time inside one locked transaction, and writes them back once. */
export class BeltCounters {
  readonly row: BeltRow
  readonly #clock: () => number
  #nextSeq: number
  #nextFence: number
  #lastTimeMs: number

  constructor(row: BeltRow, clock: () => number) {
    this.row = row
    this.#clock = clock
    this.#nextSeq = row.nextSeq
    this.#nextFence = row.nextFence
    this.#lastTimeMs = row.lastTimeMs
  }

  get lastSeq(): number {
    return this.#nextSeq - 1
  }

  seq(): number {
    return this.#nextSeq++
  }

  fences(count: number): number {
    const first = this.#nextFence
    this.#nextFence += count
    return first
  }

  /** A fence that was handed out before: no later one may be lower. */
  fenceSeen(fence: number): void {
    this.#nextFence = Math.max(this.#nextFence, fence + 1)
  }

  /** Hub time of this transaction: max(wall, last + 1). */
  time(): Stamp {
    const now = hubTimeAfter({ ms: this.#lastTimeMs, ctr: 0 }, this.#clock())
    this.#lastTimeMs = now.ms
    return now
  }

  /** A reading that was handed out before: no later one may be lower. */
  timeSeen(ms: number): void {
    this.#lastTimeMs = Math.max(this.#lastTimeMs, ms)
  }

  async save(tx: Tx): Promise<void> {
    await tx
      .updateTable('belt')
      .set({ nextSeq: this.#nextSeq, nextFence: this.#nextFence, lastTimeMs: this.#lastTimeMs })
      .where('belt', '=', this.row.belt)
      .execute()
  }
}
