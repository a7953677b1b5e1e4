import { sql } from 'kysely'
import type { Queries, Tx } from './database.ts'
import { HubRefusal } from './errors.ts'

interface Where {
  /** Changes with the mark and with the timeline. */
  readonly text: string
  /** Bytes of its log that are on disk: never fewer than before, unless an older copy of its files has taken its place. */
  readonly logged: number
}

/**
 * The mark by which a PostgreSQL database is recognised: it names its cluster, timeline, database and tables, and the transaction
 * that wrote it. A dump brings the text along but none of these; a recovery and a promoted standby begin another timeline.
 */
export class Place {
  #known: Where | null = null
  #onMoved: () => void = () => undefined

  /** Called when a transaction is refused because nobody has looked at this database since it changed. */
  set onMoved(look: () => void) {
    this.#onMoved = look
  }

  /**
   * For every transaction that gives out numbers, after it has taken its lock: nothing is written between the moment in which a
   * database was put back and the one in which it got a new epoch.
   * @throws HubRefusal `busy` until somebody has looked
   */
  async confirm(tx: Tx): Promise<void> {
    const known = this.#known
    if (!known) return
    const now = await readWhere(tx)
    if (now.text !== known.text || now.logged < known.logged) {
      this.#onMoved()
      throw new HubRefusal('busy')
    }
    if (now.logged > known.logged && this.#known === known) this.#known = now
  }

  /**
   * Whether the mark fits: `older` when it does and the files are older than what this process has seen, `gone` when it has seen
   * one and there is none now.
   */
  async find(tx: Tx): Promise<'here' | 'moved' | 'older' | 'unmarked' | 'gone'> {
    const { rows } = await sql<{ mark: string; writtenBy: string; xmin: string }>`
      SELECT mark, "writtenBy", xmin::text AS xmin FROM place`.execute(tx)
    const [row] = rows
    const known = this.#known
    if (!row) return known ? 'gone' : 'unmarked'
    if (row.writtenBy !== row.xmin || row.mark !== (await placeNow(tx))) return 'moved'
    const now = await readWhere(tx)
    return known && now.text === known.text && now.logged < known.logged ? 'older' : 'here'
  }

  async write(tx: Tx, nowMs: number): Promise<void> {
    const mark = await placeNow(tx)
    await sql`
      INSERT INTO place (one, mark, "writtenBy", "atMs") VALUES (1, ${mark}, pg_current_xact_id()::xid::text, ${nowMs})
      ON CONFLICT (one) DO UPDATE SET mark = excluded.mark, "writtenBy" = excluded."writtenBy", "atMs" = excluded."atMs"`.execute(
      tx,
    )
  }

  /** From now on the database is expected to be where it was found, or further on. */
  expect(where: Where): void {
    this.#known = where
  }
}

/** SQL: the timeline that the server writes; none on a standby. */
const TIMELINE = sql`
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE substring(pg_walfile_name(pg_current_wal_lsn()) FOR 8) END`

export async function readWhere(db: Queries): Promise<Where> {
  const { rows } = await sql<Where>`
    SELECT concat_ws('/',
      (SELECT mark || ' ' || "writtenBy" || ' ' || xmin::text FROM place),
      ${TIMELINE}
    ) AS text,
    CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_current_wal_flush_lsn() - '0/0' END AS logged`.execute(db)
  return rows[0]!
}

/** Where the database is now; a part that its server does not tell is left out. */
async function placeNow(tx: Tx): Promise<string> {
  const { rows } = await sql<{ text: string }>`
    SELECT concat_ws('/',
      (SELECT oid FROM pg_database WHERE datname = current_database()),
      'belt'::regclass::oid, 'op'::regclass::oid,
      CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
        THEN (SELECT system_identifier FROM pg_control_system()) END,
      ${TIMELINE}
    ) AS text`.execute(tx)
  return rows[0]!.text
}
