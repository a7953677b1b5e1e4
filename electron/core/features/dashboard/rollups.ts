import { DAY_MS, HOUR_MS, dayKeyOf, dayStartMs } from '../../../../shared/domain/time.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { RollupHooks } from '../../store/rollups.ts'
import { aggregateRollups, retellAggregates } from './aggregates.ts'
import {
  PART_COLUMNS,
  orderParts,
  type LineFact,
  type Part,
  type ReturnFact,
  type StateFact,
} from '../../../../shared/domain/order-parts.ts'

const TABLES = [
  'kpiDaySales',
  'kpiDayPromise',
  'kpiDayReturn',
  'kpiDemand',
  'kpiLineDay',
  'kpiSessionHour',
] as const
const DEFAULT_ZONE = 'Asia/Shanghai'

/** The zone the roll-ups count days in. */
export function rollupZone(db: Db): string {
  return (
    prepared<[], { timeZone: string }>(db, 'SELECT timeZone FROM kpiZone').get()?.timeZone ?? DEFAULT_ZONE
  )
}

const upsertSql = (table: Part['table']) => {
  const { keys, sums } = PART_COLUMNS[table]
  const columns = [...keys, ...sums]
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
    ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`
}
const UPSERTS = Object.fromEntries(
  Object.keys(PART_COLUMNS).map((table) => [table, upsertSql(table as Part['table'])]),
) as Record<Part['table'], string>

function add(db: Db, parts: readonly Part[], sign: 1 | -1): void {
  for (const { table, key, sums } of parts)
    prepared(db, UPSERTS[table]).run(...key, ...sums.map((value) => sign * value))
}

const LINE_COLUMNS =
  'id, scope, source, merchantId, skuId, skuCode, quantity, isGift, orderedMs, paidMs, payableFen, paidFen, promisedMs'

const lineOf = (db: Db, id: string) =>
  prepared<[string], LineFact>(db, `SELECT ${LINE_COLUMNS} FROM orderLine WHERE id = ?`).get(id)

interface StoredState extends StateFact {
  readonly id: string
  readonly asOfMs: number
}
interface StoredReturn extends ReturnFact {
  readonly id: string
}

/** Words on a line, newest first. There are few: sorting them here is cheaper than a sort in the query. */
function statesOf(db: Db, lineId: string): StoredState[] {
  const states = prepared<[string], StoredState>(
    db,
    `SELECT id, asOfMs, status, afterSale, pickedUpMs, clickedShipMs, completedMs, refundFen FROM orderState
     WHERE orderLineId = ?`,
  ).all(lineId)
  return states.length < 2 ? states : states.sort((a, b) => b.asOfMs - a.asOfMs || (a.id < b.id ? 1 : -1))
}

const returnsOf = (db: Db, lineId: string) =>
  prepared<[string], StoredReturn>(
    db,
    'SELECT id, requestedMs, refundFen, isQuality FROM returnItem WHERE orderLineId = ?',
  ).all(lineId)

/** Changes what a line adds when one of its facts (stored while this runs) comes or goes. */
function changeLine(db: Db, lineId: string, factId: string, sign: 1 | -1): void {
  const line = lineOf(db, lineId)
  if (!line) return
  const zone = rollupZone(db)
  const states = statesOf(db, lineId)
  const returns = returnsOf(db, lineId)
  const withFact = orderParts(line, states[0] ?? null, returns, zone)
  const withoutFact = orderParts(
    line,
    states.find((state) => state.id !== factId) ?? null,
    returns.filter((item) => item.id !== factId),
    zone,
  )
  add(db, difference(withFact, withoutFact), sign)
}

/** Parts of `after` less those of `before`, without what is equal in both. */
function difference(after: readonly Part[], before: readonly Part[]): Part[] {
  const rows = new Map<string, Part>(after.map((part) => [part.table + part.key.join('|'), part]))
  for (const part of before) {
    const name = part.table + part.key.join('|')
    const other = rows.get(name)
    rows.set(name, { ...part, sums: part.sums.map((value, index) => (other?.sums[index] ?? 0) - value) })
  }
  return [...rows.values()].filter((part) => part.sums.some((value) => value !== 0))
}

function addLine(db: Db, line: LineFact, sign: 1 | -1): void {
  add(db, orderParts(line, statesOf(db, line.id)[0] ?? null, returnsOf(db, line.id), rollupZone(db)), sign)
}

interface RunFact {
  readonly scope: string
  readonly lineId: string
  readonly startMs: number
  readonly endMs: number
  readonly kind: string
  readonly skuId: string | null
  readonly goodUnits: number
  readonly scrapUnits: number
}

function addRun(db: Db, run: RunFact, sign: 1 | -1): void {
  const zone = rollupZone(db)
  const upsert = prepared(
    db,
    `INSERT INTO kpiLineDay (lineId, day, kind, skuId, baseId, spanMs, runs, goodUnits, scrapUnits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (day, lineId, kind, skuId, baseId) DO UPDATE SET spanMs = spanMs + excluded.spanMs, runs = runs + excluded.runs,
       goodUnits = goodUnits + excluded.goodUnits, scrapUnits = scrapUnits + excluded.scrapUnits`,
  )
  const baseId = run.scope.startsWith('base:') ? run.scope.slice(5) : ''
  let from = run.startMs
  do {
    const day = dayKeyOf(from, zone)
    const until = Math.min(run.endMs, dayStartMs(day, zone) + DAY_MS)
    const isFirst = from === run.startMs
    upsert.run(
      run.lineId,
      day,
      run.kind,
      run.skuId ?? '',
      baseId,
      sign * Math.max(0, until - from),
      isFirst ? sign : 0,
      isFirst ? sign * run.goodUnits : 0,
      isFirst ? sign * run.scrapUnits : 0,
    )
    from = until
  } while (from < run.endMs)
}

interface SessionSpan {
  readonly id: string
  readonly deleted: number
  readonly baseId: string
  readonly studioId: string | null
  readonly status: string
  readonly actualStartMs: number | null
  readonly actualEndMs: number | null
}

function refreshSession(db: Db, id: string): void {
  prepared(db, 'DELETE FROM kpiSessionHour WHERE sessionId = ?').run(id)
  const session = prepared<[string], SessionSpan>(
    db,
    'SELECT id, deleted, baseId, studioId, status, actualStartMs, actualEndMs FROM liveSession WHERE id = ?',
  ).get(id)
  if (!session || session.deleted !== 0 || session.studioId === null || session.status !== 'ended') return
  if (session.actualStartMs === null || session.actualEndMs === null) return
  const zone = rollupZone(db)
  const day = dayKeyOf(session.actualStartMs, zone)
  const midnight = dayStartMs(day, zone)
  const insert = prepared(
    db,
    'INSERT INTO kpiSessionHour (sessionId, day, hour, studioId, baseId, airMs) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (let from = session.actualStartMs; from < session.actualEndMs;) {
    const hour = Math.floor((from - midnight) / HOUR_MS)
    const until = Math.min(session.actualEndMs, midnight + (hour + 1) * HOUR_MS)
    insert.run(id, day, hour, session.studioId, session.baseId, until - from)
    from = until
  }
}

/** The belt's zone decides what a day is: when it changes, everything is counted again. */
function followZone(db: Db, beltId: string): void {
  const belt = prepared<[string], { timeZone: string }>(db, 'SELECT timeZone FROM belt WHERE id = ?').get(
    beltId,
  )
  if (!belt || belt.timeZone === '' || belt.timeZone === rollupZone(db)) return
  prepared(db, 'INSERT OR REPLACE INTO kpiZone (only, timeZone) VALUES (1, ?)').run(belt.timeZone)
  rebuildKpi(db)
}

/** Counts every roll-up again from the facts. Call it inside a transaction. */
export function rebuildKpi(db: Db): void {
  for (const table of TABLES) db.exec(`DELETE FROM ${table}`)
  for (const line of db.prepare<[], LineFact>(`SELECT ${LINE_COLUMNS} FROM orderLine`).all())
    addLine(db, line, 1)
  for (const run of db.prepare<[], RunFact>('SELECT * FROM lineRun').all()) addRun(db, run, 1)
  for (const { id } of db.prepare<[], { id: string }>('SELECT id FROM liveSession').all())
    refreshSession(db, id)
  retellAggregates(db)
}

export const dashboardRollups: RollupHooks = {
  facts: {
    ...aggregateRollups.facts,
    orderLine: (db, row, sign) => addLine(db, row as unknown as LineFact, sign),
    orderState: (db, row, sign) => changeLine(db, String(row['orderLineId']), String(row['id']), sign),
    returnItem: (db, row, sign) => changeLine(db, String(row['orderLineId']), String(row['id']), sign),
    lineRun: (db, row, sign) => addRun(db, row as unknown as RunFact, sign),
  },
  registers: { liveSession: refreshSession, belt: followZone },
}
