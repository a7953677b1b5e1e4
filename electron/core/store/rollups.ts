import type { Db } from '../../sqlite/open.ts'
import type { SqlRow } from './rows.ts'

/**
 * Keeps a feature's derived tables in step with the rows they come from, inside the transaction that changes those rows.
 * Hooks must not depend on the order in which facts arrive.
 */
export interface RollupHooks {
  /** A fact became visible (+1) or was withdrawn because the hub rejected it (−1). */
  readonly facts?: Readonly<Record<string, (db: Db, row: SqlRow, sign: 1 | -1) => void>>
  /** A register row was created, changed, deleted or restored; read it by its id. */
  readonly registers?: Readonly<Record<string, (db: Db, id: string) => void>>
}
