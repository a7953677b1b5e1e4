import { tableNamed, TABLES } from '../../../shared/domain/tables.ts'
import { isKnownKind } from '../../../shared/ops/canonical.ts'
import { compareOpIds, opId } from '../../../shared/ops/id.ts'
import type { CanonicalOp, Op, Stamp } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { Grants } from './grants.ts'
import type { RollupHooks } from './rollups.ts'
import {
  prepareTable,
  touchedGroups,
  toSql,
  type SqlRow,
  type SqlValue,
  type TableStatements,
} from './rows.ts'

interface Cell {
  stampMs: number
  stampCtr: number
  stampBy: string
  pending: string | null
  hidden: string | null
}

const LIFE = '$life'

/**
 * Turns ops into rows. The visible state is what the canonical ops say, in any order of arrival, with this device's own
 * unsettled ops on top. Every method runs inside the caller's transaction.
 */
export class Applier {
  readonly #db: Db
  readonly #hooks: readonly RollupHooks[]
  readonly #grants: Grants
  readonly #tables = new Map<string, TableStatements>()
  readonly #getCell
  readonly #putCell
  readonly #getAlias
  readonly #putAlias
  readonly #cellsOfRow
  readonly #putConflict
  readonly #touched: (table: string) => void

  constructor(
    db: Db,
    hooks: readonly RollupHooks[],
    touched: (table: string) => void,
    isArbiter: () => boolean,
  ) {
    this.#db = db
    this.#hooks = hooks
    this.#touched = touched
    this.#grants = new Grants(db, isArbiter)
    this.#getCell = prepared<[string, string, string], Cell>(
      db,
      'SELECT stampMs, stampCtr, stampBy, pending, hidden FROM cell WHERE tbl = ? AND row = ? AND grp = ?',
    )
    this.#putCell = prepared(
      db,
      `INSERT INTO cell (tbl, row, grp, stampMs, stampCtr, stampBy, pending, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (tbl, row, grp) DO UPDATE SET stampMs = excluded.stampMs, stampCtr = excluded.stampCtr,
         stampBy = excluded.stampBy, pending = excluded.pending, hidden = excluded.hidden`,
    )
    this.#getAlias = prepared<[string, string], { winner: string }>(
      db,
      'SELECT winner FROM factAlias WHERE tbl = ? AND loser = ?',
    )
    this.#putAlias = prepared(db, 'INSERT OR REPLACE INTO factAlias (tbl, loser, winner) VALUES (?, ?, ?)')
    this.#cellsOfRow = prepared<[string, string], { grp: string }>(
      db,
      'SELECT grp FROM cell WHERE tbl = ? AND row = ?',
    )
    this.#putConflict = prepared(
      db,
      'INSERT OR IGNORE INTO conflict (kind, tbl, row, opId, details, atMs) VALUES (?, ?, ?, ?, ?, ?)',
    )
  }

  statements(table: string): TableStatements {
    let statements = this.#tables.get(table)
    if (!statements) {
      statements = prepareTable(this.#db, tableNamed(table))
      this.#tables.set(table, statements)
    }
    return statements
  }

  /** True when this version can hold everything the op says. */
  knows(op: Op): boolean {
    if (!TABLES.has(op.table) || !isKnownKind(op.kind)) return false
    const { byName } = this.statements(op.table)
    return Object.keys(op.fields).every((name) => byName.has(name))
  }

  /** An own op, visible at once, not yet settled. */
  applyOwn(op: Op): void {
    this.#apply(op, null)
  }

  /** An op the hub accepted: from another device, or an own one that has just been acknowledged. Idempotent. */
  applyCanonical(op: CanonicalOp): void {
    if (TABLES.has(op.table)) this.#apply(op, op.stamp)
  }

  /** Takes an own op out of the visible state: the hub rejected or quarantined it. */
  withdraw(op: Op): void {
    if (!TABLES.has(op.table)) return
    const statements = this.statements(op.table)
    this.#touched(op.table)
    if (op.kind === 'fact' || op.kind === 'claim') {
      const row = statements.get.get(op.row)
      if (!row) return
      if (op.kind === 'claim') this.#grants.drop(op.row)
      this.#runFactHooks(op.table, row, -1)
      statements.remove.run(op.row)
      if (op.table === 'bookingRelease') this.#grants.releaseWithdrawn(String(row['bookingId']))
      return
    }
    if (op.kind === 'create') {
      statements.remove.run(op.row)
    } else {
      const groups = op.kind === 'set' ? [...touchedGroups(statements, op.fields).keys()] : [LIFE]
      for (const group of groups) this.#dropPending(statements, op, group)
    }
    this.#runRegisterHooks(op.table, op.row)
  }

  #apply(op: Op, stamp: Stamp | null): void {
    const statements = this.statements(op.table)
    this.#touched(op.table)
    switch (op.kind) {
      case 'fact':
      case 'claim':
        this.#insertFact(statements, op, stamp === null)
        return
      case 'create':
        this.#create(statements, op)
        break
      case 'set':
        this.#ensureRow(statements, op)
        for (const [group, values] of touchedGroups(statements, op.fields))
          this.#write(statements, op, group, values, stamp)
        if (stamp) this.#noteEditOfDeleted(statements, op)
        break
      case 'delete':
      case 'restore':
        this.#ensureRow(statements, op)
        if (stamp && op.kind === 'delete') this.#noteDeletionOfEdited(op)
        this.#write(statements, op, LIFE, [op.kind === 'delete' ? 1 : 0], stamp)
        break
    }
    this.#runRegisterHooks(op.table, op.row)
  }

  #insertFact(statements: TableStatements, op: Op, isOwn: boolean): void {
    if (statements.get.get(op.row) || this.#getAlias.get(op.table, op.row)) return
    const values = statements.columns.map(({ name, field }) => {
      const value = toSql(field, op.fields[name])
      if (field.type !== 'ref' || typeof value !== 'string' || value === '') return value
      return this.#getAlias.get(field.ref!, value)?.winner ?? value
    })
    if (statements.byNaturalKey) {
      const key = statements.table.naturalKey!.map(
        (name) => values[statements.columns.findIndex((column) => column.name === name)]!,
      )
      const twin = statements.byNaturalKey.get(...key)
      if (twin) {
        const twinId = String(twin['id'])
        if (twinId < op.row) {
          this.#putAlias.run(op.table, op.row, twinId)
          this.#repoint(op.table, op.row, twinId)
          return
        }
        // The new one stands: withdraw the twin, then let everything that named it name the winner.
        this.#runFactHooks(op.table, twin, -1)
        statements.remove.run(twinId)
        this.#putAlias.run(op.table, twinId, op.row)
        prepared(this.#db, 'UPDATE factAlias SET winner = ? WHERE tbl = ? AND winner = ?').run(
          op.row,
          op.table,
          twinId,
        )
        this.#repoint(op.table, twinId, op.row)
      }
    }
    statements.insert.run(op.row, op.scope, op.at.ms, ...values)
    const row = statements.get.get(op.row)!
    this.#grants.onFact(op, row, isOwn)
    this.#runFactHooks(op.table, row, 1)
  }

  /** Lets every row that named one fact name the other, as if it had done so from the start. */
  #repoint(table: string, from: string, to: string): void {
    for (const other of TABLES.values()) {
      for (const { name, field } of this.statements(other.name).columns) {
        if (field.ref !== table) continue
        const rows = prepared<[string], SqlRow>(
          this.#db,
          `SELECT * FROM ${other.name} WHERE ${name} = ?`,
        ).all(from)
        for (const row of rows) this.#repointRow(other.name, other.kind === 'register', name, row, to)
      }
    }
  }

  #repointRow(table: string, isRegister: boolean, column: string, row: SqlRow, to: string): void {
    const id = String(row['id'])
    if (!isRegister) this.#runFactHooks(table, row, -1)
    prepared(this.#db, `UPDATE ${table} SET ${column} = ? WHERE id = ?`).run(to, id)
    if (isRegister) this.#runRegisterHooks(table, id)
    else this.#runFactHooks(table, { ...row, [column]: to }, 1)
  }

  #create(statements: TableStatements, op: Op): void {
    const existing = statements.get.get(op.row)
    if (!existing) {
      const values = statements.columns.map(({ name, field }) => toSql(field, op.fields[name]))
      statements.insert.run(op.row, op.scope, op.at.ms, 0, ...values)
      return
    }
    if (existing['deleted'] !== 2) return
    // Edits arrived first: the creation fills the groups nobody has written yet.
    const written = new Set(this.#cellsOfRow.all(op.table, op.row).map((cell) => cell.grp))
    for (const [group, { names, fields, update }] of statements.groups) {
      if (!written.has(group))
        update.run(...names.map((name, index) => toSql(fields[index]!, op.fields[name])), op.row)
      else this.#fillHidden(statements, op, group)
    }
    prepared(this.#db, `UPDATE ${op.table} SET deleted = ?, scope = ?, createdMs = ? WHERE id = ?`).run(
      this.#tombstoneValue(op),
      op.scope,
      op.at.ms,
      op.row,
    )
  }

  #tombstoneValue(op: Op): number {
    const cell = this.#getCell.get(op.table, op.row, LIFE)
    if (!cell) return 0
    const last = prepared<[string, string], { kind: string }>(
      this.#db,
      `SELECT kind FROM op WHERE tbl = ? AND row = ? AND kind IN ('delete', 'restore') AND state IN ('local', 'pending', 'canonical')
         ORDER BY (state <> 'canonical') DESC, stampMs DESC, stampCtr DESC, author DESC, stream DESC, seq DESC LIMIT 1`,
    ).get(op.table, op.row)
    return last?.kind === 'delete' ? 1 : 0
  }

  /** An own pending edit hid "nothing" because the row was not here yet; now it hides what the creation said. */
  #fillHidden(statements: TableStatements, op: Op, group: string): void {
    const cell = this.#getCell.get(op.table, op.row, group)
    if (!cell || cell.pending === null || cell.stampMs >= 0) return
    const { names, fields } = statements.groups.get(group)!
    const hidden = JSON.stringify(names.map((name, index) => toSql(fields[index]!, op.fields[name])))
    this.#putCell.run(
      op.table,
      op.row,
      group,
      cell.stampMs,
      cell.stampCtr,
      cell.stampBy,
      cell.pending,
      hidden,
    )
  }

  #ensureRow(statements: TableStatements, op: Op): void {
    if (statements.get.get(op.row)) return
    const values = statements.columns.map(({ field }) => toSql(field, null))
    statements.insert.run(op.row, op.scope, 0, 2, ...values)
  }

  #write(statements: TableStatements, op: Op, group: string, values: SqlValue[], stamp: Stamp | null): void {
    const cell = this.#getCell.get(op.table, op.row, group) ?? {
      stampMs: -1,
      stampCtr: 0,
      stampBy: '',
      pending: null,
      hidden: null,
    }
    const id = opId(op)
    if (!stamp) {
      const hidden =
        cell.pending === null ? JSON.stringify(this.#current(statements, op.row, group)) : cell.hidden
      this.#putCell.run(op.table, op.row, group, cell.stampMs, cell.stampCtr, cell.stampBy, id, hidden)
      this.#setGroup(statements, op.row, group, values)
      return
    }
    const wins = compareStamp(stamp, id, cell) > 0
    const standing = wins
      ? { ms: stamp.ms, ctr: stamp.ctr, by: id }
      : { ms: cell.stampMs, ctr: cell.stampCtr, by: cell.stampBy }
    if (cell.pending !== null && cell.pending !== id) {
      const hidden = wins ? JSON.stringify(values) : cell.hidden
      this.#putCell.run(op.table, op.row, group, standing.ms, standing.ctr, standing.by, cell.pending, hidden)
      return
    }
    if (wins) this.#setGroup(statements, op.row, group, values)
    else if (cell.pending === id && cell.hidden !== null)
      this.#setGroup(statements, op.row, group, JSON.parse(cell.hidden) as SqlValue[])
    this.#putCell.run(op.table, op.row, group, standing.ms, standing.ctr, standing.by, null, null)
  }

  #dropPending(statements: TableStatements, op: Op, group: string): void {
    const cell = this.#getCell.get(op.table, op.row, group)
    if (!cell || cell.pending !== opId(op)) return
    if (cell.hidden !== null) this.#setGroup(statements, op.row, group, JSON.parse(cell.hidden) as SqlValue[])
    this.#putCell.run(op.table, op.row, group, cell.stampMs, cell.stampCtr, cell.stampBy, null, null)
  }

  #current(statements: TableStatements, row: string, group: string): SqlValue[] {
    const current = statements.get.get(row)!
    if (group === LIFE) return [current['deleted'] === 1 ? 1 : 0]
    return statements.groups.get(group)!.names.map((name) => current[name] ?? null)
  }

  #setGroup(statements: TableStatements, row: string, group: string, values: readonly SqlValue[]): void {
    if (group !== LIFE) {
      statements.groups.get(group)!.update.run(...values, row)
      return
    }
    prepared(this.#db, `UPDATE ${statements.table.name} SET deleted = ? WHERE id = ? AND deleted <> 2`).run(
      values[0]!,
      row,
    )
  }

  /** Another device deleted what this one is still changing. */
  #noteDeletionOfEdited(op: CanonicalOp | Op): void {
    const pending = prepared<[string, string], { pending: string }>(
      this.#db,
      'SELECT pending FROM cell WHERE tbl = ? AND row = ? AND pending IS NOT NULL',
    ).get(op.table, op.row)
    if (pending && pending.pending !== opId(op))
      this.#putConflict.run(
        'edit-meets-deletion',
        op.table,
        op.row,
        pending.pending,
        JSON.stringify({ by: opId(op) }),
        op.at.ms,
      )
  }

  #noteEditOfDeleted(statements: TableStatements, op: Op): void {
    if (statements.get.get(op.row)?.['deleted'] === 1)
      this.#putConflict.run(
        'edit-meets-deletion',
        op.table,
        op.row,
        opId(op),
        JSON.stringify({ by: op.author }),
        op.at.ms,
      )
  }

  #runFactHooks(table: string, row: SqlRow, sign: 1 | -1): void {
    for (const hooks of this.#hooks) hooks.facts?.[table]?.(this.#db, row, sign)
  }

  #runRegisterHooks(table: string, id: string): void {
    for (const hooks of this.#hooks) hooks.registers?.[table]?.(this.#db, id)
  }
}

function compareStamp(stamp: Stamp, by: string, cell: Cell): number {
  if (stamp.ms !== cell.stampMs) return stamp.ms - cell.stampMs
  if (stamp.ctr !== cell.stampCtr) return stamp.ctr - cell.stampCtr
  return compareOpIds(by, cell.stampBy)
}
