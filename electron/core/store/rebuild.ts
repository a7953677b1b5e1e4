import { TABLES } from '../../../shared/domain/tables.ts'
import type { CanonicalOp, Op } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Applier } from './apply.ts'
import type { OpRow } from './store.ts'

export interface RowName {
  readonly tbl: string
  readonly row: string
}

/**
 * Makes a row again from the ops that the log holds of it: after some were taken out or forgotten (a canonical op with a
 * verdict), or became readable with a newer version. Runs inside the caller's transaction.
 */
export function rebuildRow(db: Db, applier: Applier, name: RowName, opOf: (row: OpRow) => Op): void {
  const table = TABLES.get(name.tbl)
  if (!table) return
  const rows = prepared<[string, string], OpRow>(
    db,
    `SELECT * FROM op WHERE tbl = ? AND row = ?
       AND (state IN ('pending', 'local') OR (state = 'canonical' AND verdict IS NULL))
     ORDER BY state <> 'canonical', kind <> 'create', hubSeq, n`,
  ).all(name.tbl, name.row)
  if (table.kind !== 'register') {
    // Grants go with a claim that is no more, not with one that is read again.
    applier.withdraw(nothingOf(name, rows.length === 0 ? table.kind : 'fact'))
  } else {
    prepared(db, 'DELETE FROM cell WHERE tbl = ? AND row = ?').run(name.tbl, name.row)
    applier.withdraw(nothingOf(name, 'create'))
  }
  for (const row of rows) {
    if (row.state === 'canonical') applier.applyCanonical(canonicalOf(row, opOf(row)))
    else applier.applyOwn(opOf(row))
  }
}

/**
 * Takes a fact out of what is seen, as if it had never been written: of those with the same natural key, the smallest id
 * that is left stands, and what named the fact on their behalf names that one. Runs inside the caller's transaction.
 */
export function withdrawFact(db: Db, applier: Applier, name: RowName, opOf: (row: OpRow) => Op): void {
  applier.withdraw(nothingOf(name, 'fact'))
  prepared(db, 'DELETE FROM factAlias WHERE tbl = ? AND loser = ?').run(name.tbl, name.row)
  const losers = prepared<[string, string], { loser: string }>(
    db,
    'SELECT loser FROM factAlias WHERE tbl = ? AND winner = ?',
  ).all(name.tbl, name.row)
  const logged = losers.map(({ loser }) => ({ tbl: name.tbl, row: loser })).filter((row) => isLogged(db, row))
  if (logged.length === 0) return
  for (const { tbl, row } of logged)
    prepared(db, 'DELETE FROM factAlias WHERE tbl = ? AND loser = ?').run(tbl, row)
  for (const loser of logged) rebuildRow(db, applier, loser, opOf)
  for (const row of namers(db, applier, name)) if (isLogged(db, row)) rebuildRow(db, applier, row, opOf)
}

const isLogged = (db: Db, { tbl, row }: RowName): boolean =>
  prepared(
    db,
    `SELECT 1 FROM op WHERE tbl = ? AND row = ? AND kind IN ('create', 'fact', 'claim')
       AND (state IN ('pending', 'local') OR (state = 'canonical' AND verdict IS NULL)) LIMIT 1`,
  ).get(tbl, row) !== undefined

function namers(db: Db, applier: Applier, { tbl, row }: RowName): RowName[] {
  const out: RowName[] = []
  for (const table of TABLES.values())
    for (const { name, field } of applier.statements(table.name).columns) {
      if (field.ref !== tbl) continue
      const rows = prepared<[string], { id: string }>(
        db,
        `SELECT id FROM ${table.name} WHERE ${name} = ?`,
      ).all(row)
      for (const { id } of rows) out.push({ tbl: table.name, row: id })
    }
  return out
}

/** Ops that an older version of this program could not read, or only in part. @returns how many can be read now */
export function replayUnknown(db: Db, applier: Applier, opOf: (row: OpRow) => Op): number {
  const rows = prepared<[], OpRow>(
    db,
    'SELECT op.* FROM unknownOp JOIN op ON op.n = unknownOp.opN ORDER BY op.n',
  ).all()
  const names = new Map<string, RowName>()
  let readable = 0
  for (const row of rows) {
    if (!applier.knows(opOf(row))) continue
    prepared(db, 'DELETE FROM unknownOp WHERE opN = ?').run(row.n)
    names.set(`${row.tbl} ${row.row}`, { tbl: row.tbl, row: row.row })
    readable++
  }
  for (const name of names.values()) rebuildRow(db, applier, name, opOf)
  return readable
}

const canonicalOf = (row: OpRow, op: Op): CanonicalOp => ({
  ...op,
  hubEpoch: row.hubEpoch ?? 0,
  hubSeq: row.hubSeq ?? 0,
  stamp: { ms: row.stampMs ?? row.atMs, ctr: row.stampCtr ?? row.atCtr },
})

const nothingOf = ({ tbl, row }: RowName, kind: Op['kind']): Op => ({
  author: '',
  stream: 0,
  seq: 1,
  scope: 'belt',
  lane: 'register',
  kind,
  table: tbl,
  row,
  fields: {},
  at: { ms: 0, ctr: 0 },
  person: null,
})
