import type { ImportCounts, ImportStatus, ImportSummary } from '../../../../shared/contract/imports.ts'
import type { AppError } from '../../../../shared/contract/result.ts'
import type { FormatId } from '../../../../shared/imports/formats.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { StageResult } from './stage.ts'

/** A row of `importFile`: one file on its way into the belt, known to this device only. */
export interface ImportFileRow {
  id: string
  status: ImportStatus
  fileName: string
  fileHash: string
  format: FormatId | null
  source: string
  encoding: string
  baseId: string | null
  personId: string | null
  asOfMs: number | null
  firstOrderMs: number | null
  lastOrderMs: number | null
  rows: number
  counts: string
  warnings: number
  payableFen: number
  paidFen: number
  refundFen: number
  units: number
  createdMs: number
  committedMs: number | null
  doneThrough: number
  error: string | null
}

const NO_COUNTS: ImportCounts = {
  new: 0,
  changed: 0,
  unchanged: 0,
  older: 0,
  unpaid: 0,
  duplicate: 0,
  problem: 0,
}

export const findImport = (db: Db, importId: string): ImportFileRow | undefined =>
  prepared<[string], ImportFileRow>(db, 'SELECT * FROM importFile WHERE id = ?').get(importId)

export const importsWithStatus = (db: Db, ...statuses: ImportStatus[]): ImportFileRow[] =>
  prepared<[string], ImportFileRow>(
    db,
    'SELECT * FROM importFile WHERE status IN (SELECT value FROM json_each(?)) ORDER BY createdMs, id',
  ).all(JSON.stringify(statuses))

export function summaryOf(db: Db, row: ImportFileRow): ImportSummary {
  const same = prepared<[string, string], { atMs: number | null }>(
    db,
    `SELECT max(committedMs) AS atMs FROM importFile WHERE fileHash = ? AND id <> ? AND status = 'committed'`,
  ).get(row.fileHash, row.id)
  return {
    importId: row.id,
    status: row.status,
    fileName: row.fileName,
    format: row.format,
    source: row.source,
    encoding: row.encoding,
    baseId: row.baseId,
    asOfMs: row.asOfMs,
    firstOrderMs: row.firstOrderMs,
    lastOrderMs: row.lastOrderMs,
    rows: row.rows,
    counts: { ...NO_COUNTS, ...(JSON.parse(row.counts) as Partial<ImportCounts>) },
    warnings: row.warnings,
    payableFen: row.payableFen,
    paidFen: row.paidFen,
    refundFen: row.refundFen,
    units: row.units,
    createdMs: row.createdMs,
    committedMs: row.committedMs,
    sameFileMs: same?.atMs ?? null,
  }
}

export function insertImport(
  db: Db,
  row: Pick<ImportFileRow, 'id' | 'fileName' | 'baseId' | 'personId' | 'createdMs'>,
): void {
  prepared(
    db,
    `INSERT INTO importFile (id, status, fileName, baseId, personId, createdMs) VALUES (?, 'reading', ?, ?, ?, ?)`,
  ).run(row.id, row.fileName, row.baseId, row.personId, row.createdMs)
}

export function saveStaged(db: Db, importId: string, result: StageResult): void {
  prepared(
    db,
    `UPDATE importFile SET status = 'ready', fileHash = ?, format = ?, source = ?, encoding = ?, asOfMs = ?,
       firstOrderMs = ?, lastOrderMs = ?, "rows" = ?, counts = ?, warnings = ?, payableFen = ?, paidFen = ?,
       refundFen = ?, units = ? WHERE id = ?`,
  ).run(
    result.fileHash,
    result.format,
    result.source,
    result.encoding,
    result.asOfMs,
    result.firstOrderMs,
    result.lastOrderMs,
    result.rows,
    JSON.stringify(result.counts),
    result.warnings,
    result.payableFen,
    result.paidFen,
    result.refundFen,
    result.units,
    importId,
  )
}

export function setImportStatus(
  db: Db,
  importId: string,
  status: ImportStatus,
  error: AppError | null = null,
): void {
  prepared(db, 'UPDATE importFile SET status = ?, error = ?, doneThrough = 0 WHERE id = ?').run(
    status,
    error ? JSON.stringify(error) : null,
    importId,
  )
}

/** Notes with a slice how far it came, so that the work goes on there after an interruption. */
export function setDoneThrough(db: Db, importId: string, doneThrough: number): void {
  prepared(db, 'UPDATE importFile SET doneThrough = ? WHERE id = ?').run(doneThrough, importId)
}

export interface ImportLineRow {
  n: number
  orderLineId: string
  stateId: string
  previousStateId: string | null
}

export function noteImportLine(db: Db, importId: string, line: ImportLineRow): void {
  prepared(
    db,
    'INSERT OR IGNORE INTO importLine (importId, n, orderLineId, stateId, previousStateId) VALUES (?, ?, ?, ?, ?)',
  ).run(importId, line.n, line.orderLineId, line.stateId, line.previousStateId)
}

/** The base that rows go to when neither the caller, the import nor the SKU names one. */
export const firstBase = (db: Db): string | null =>
  prepared<[], { id: string }>(
    db,
    `SELECT id FROM liveBase WHERE deleted = 0 ORDER BY kind = 'rural', createdMs, id LIMIT 1`,
  ).get()?.id ?? null
