import { BeltCounters, lockBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import type { HubDatabase, Tx } from './database.ts'
import { HubAuthor } from './hub-author.ts'

/** Everything one arbitration needs; it lives inside one transaction that holds the belt's lock. */
export interface Bench {
  readonly database: HubDatabase
  readonly tx: Tx
  readonly counters: BeltCounters
  readonly author: HubAuthor
  readonly nowMs: number
  /** Bookings whose grants turned out to be given twice, to be taken back before the transaction ends. */
  readonly losers: Set<string>
  /**
   * Whether refused claims that wait are to be looked at: something was given back, or only `moved` by a plan that claims
   * other places in the same batch and goes first.
   */
  freed: 'left' | 'moved' | null
}

/**
 * Opens the belt for one writing transaction; `work`'s answer counts only after commit.
 * @throws HubRefusal `not-found`, or `busy` where the database was put back and nobody has looked yet
 */
export function withBench<T>(hub: HubContext, belt: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  return hub.database.db.transaction().execute(async (tx) => {
    const counters = new BeltCounters(await lockBelt(tx, belt), hub.clock)
    await hub.database.place?.confirm(tx)
    const time = counters.time()
    const name = hub.authorName(belt, counters.row.epoch)
    const author = new HubAuthor(hub.database, tx, counters, name, time)
    const result = await work({
      database: hub.database,
      tx,
      counters,
      author,
      nowMs: time.ms,
      losers: new Set(),
      freed: null,
    })
    await author.save()
    await counters.save(tx)
    return result
  })
}
