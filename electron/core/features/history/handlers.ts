import type { HistoryEntry, historyContract, ShownValue } from '../../../../shared/contract/history.ts'
import type { ItemState } from '../../../../shared/contract/sync-centre.ts'
import { fieldsOf } from '../../../../shared/domain/table.ts'
import { TABLES } from '../../../../shared/domain/tables.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { Actor, ActionHandlers, CommandHandlers, QueryHandlers } from '../../context.ts'
import { isHubAuthor } from '../../hub-author.ts'
import { labelOf } from '../../labels.ts'
import { shownValue } from '../../shown.ts'
import { exportLog } from './export-log.ts'
import { recordsOf, stepsOf, type Step } from './steps.ts'
import { undo, whyNotUndone } from './undo.ts'

export const historyQueries: QueryHandlers<typeof historyContract> = {
  'history/row': ({ table, id, skip, limit }, { db, actor }) => {
    if (!TABLES.has(table)) return { label: '', entries: [], more: false }
    const steps = [...stepsOf(db, table, id).reverse(), ...recordsOf(db, table, id)]
    steps.sort((a, b) => b.op.atMs - a.op.atMs || b.op.n - a.op.n)
    const entries = steps.slice(skip, skip + limit).map((step) => entryOf(db, step, actor, table))
    return { label: labelOf(db, table, id), entries, more: steps.length > skip + limit }
  },
}

export const historyCommands: CommandHandlers<typeof historyContract> = {
  'history/undoSteps': ({ ids }, ctx) => {
    for (const id of ids.toReversed()) undo(id, false, ctx)
    return null
  },
  'history/undo': ({ id, evenIfOvertaken }, ctx) => {
    undo(id, evenIfOvertaken, ctx)
    return null
  },
}

export const historyActions: ActionHandlers<typeof historyContract> = {
  'history/exportLog': (_, { services }) => exportLog(services),
}

const personName = (db: Db, id: string | null): string | null =>
  id === null
    ? null
    : (prepared<[string], { name: string }>(db, 'SELECT name FROM person WHERE id = ?').get(id)?.name ?? null)

/** The device a step came from by its name; null for this one. */
function deviceName(db: Db, author: string): string | null {
  const own = prepared<[string], { author: string }>(
    db,
    'SELECT author FROM stream WHERE author = ? LIMIT 1',
  ).get(author)
  if (own) return null
  const row = prepared<[string], { name: string }>(
    db,
    'SELECT name FROM device WHERE author = ? ORDER BY createdMs LIMIT 1',
  ).get(author)
  return row?.name ?? author
}

/** Of a creation only what says something. */
const MAX_CREATED_FIELDS = 12
/** Numbers and prints that only machines compare, and the time that every entry shows anyway. */
const FOR_MACHINES = new Set([
  'term',
  'fence',
  'seed',
  'problemHash',
  'skuListHash',
  'scriptHash',
  'fileHash',
  'atMs',
])

const saysNothing = (value: ShownValue): boolean =>
  value.kind === 'empty' ||
  (value.kind === 'list' && value.count === 0) ||
  (value.kind === 'names' && value.names.length === 0)

function entryOf(db: Db, step: Step, actor: Actor, mainTable: string): HistoryEntry {
  const { op, fields, before, overtakenBy } = step
  const table = TABLES.get(op.tbl)
  const made = op.kind === 'create' || op.kind === 'fact' || op.kind === 'claim'
  const defined = table ? fieldsOf(table) : []
  const changes = defined
    .filter(({ name }) => name in fields && !FOR_MACHINES.has(name))
    // A record about the row does not name it again.
    .filter(({ field }) => op.tbl === mainTable || field.ref !== mainTable)
    .filter(({ name }) => made || JSON.stringify(fields[name]) !== JSON.stringify(before[name]))
    .map(({ name, field }) => ({
      table: op.tbl,
      field: name,
      from: made ? null : shownValue(db, name, field, before[name]),
      to: shownValue(db, name, field, fields[name]),
    }))
    .filter(({ to }) => !made || !saysNothing(to))
  return {
    id: step.id,
    table: op.tbl,
    kind: op.kind as HistoryEntry['kind'],
    atMs: op.atMs,
    personName: personName(db, op.person),
    deviceName: deviceName(db, op.author),
    isHub: isHubAuthor(db, op.author),
    state: op.state as ItemState,
    changes: made ? changes.slice(0, MAX_CREATED_FIELDS) : changes,
    notUndone: whyNotUndone(step, actor),
    overtaken: overtakenBy && {
      personName: personName(db, overtakenBy.op.person),
      atMs: overtakenBy.op.atMs,
      own: overtakenBy.op.person !== null && overtakenBy.op.person === actor.personId,
    },
  }
}
