import type { NotUndone } from '../../../../shared/contract/history.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { tableNamed, TABLES } from '../../../../shared/domain/tables.ts'
import { parseOpId } from '../../../../shared/ops/id.ts'
import { rightsProblem } from '../../../../shared/ops/rights.ts'
import type { Fields, Value } from '../../../../shared/ops/types.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { Actor, CommandContext } from '../../context.ts'
import { opOf, type OpRow } from '../../store/store.ts'
import { isLife, stepsOf, type Step } from './steps.ts'

/** Written together with claims, facts or versions that putting the fields back would not undo. */
const PLANNED: Readonly<Record<string, readonly string[] | 'all'>> = {
  liveSession: ['schedule', 'state'],
  productionOrder: ['state'],
  currentPlan: 'all',
  device: 'all',
  belt: ['demo'],
}

/** Why a person cannot undo a step; null when they can. */
export function whyNotUndone(step: Step, actor: Actor): NotUndone | null {
  const { op, groups } = step
  if (op.kind === 'fact' || op.kind === 'claim') return 'fact'
  if (op.state === 'rejected' || op.state === 'quarantined') return 'unsettled'
  const planned = PLANNED[op.tbl]
  if (!TABLES.has(op.tbl) || planned === 'all') return 'planned'
  if (op.kind === 'set' && groups.every((group) => planned?.includes(group))) return 'planned'
  if (op.kind === 'create' && planned) return 'planned'
  const own = op.person !== null && op.person === actor.personId
  if (!own && actor.role !== 'administrator') return 'other'
  const person = actor.role === null ? null : { role: actor.role, baseId: actor.baseId, active: true }
  const device = { author: op.author, role: 'administrator' as const, baseId: null, arbiterUpTo: {} }
  return rightsProblem(opOf(op), device, person) === null ? null : 'other'
}

/**
 * Writes a step that puts back what was there before an earlier one.
 * @throws Refusal `not-found`, `history-not-undoable`, `last-administrator`, or `history-overtaken` naming who changed the
 *   same since then and when
 */
export function undo(id: string, evenIfOvertaken: boolean, ctx: CommandContext): void {
  const ref = parseOpId(id)
  const op =
    ref &&
    prepared<[string, number, number], OpRow>(
      ctx.db,
      'SELECT * FROM op WHERE author = ? AND stream = ? AND seq = ?',
    ).get(ref.author, ref.stream, ref.seq)
  const step = op ? stepsOf(ctx.db, op.tbl, op.row).find((candidate) => candidate.id === id) : undefined
  if (!step) throw new Refusal('not-found', { table: 'op', id })
  const why = whyNotUndone(step, ctx.actor)
  if (why !== null) throw new Refusal('history-not-undoable', { why })
  const later = step.overtakenBy
  if (later && !evenIfOvertaken)
    throw new Refusal('history-overtaken', { personId: later.op.person, atMs: later.op.atMs })
  putBack(step, ctx)
  if (step.op.tbl === 'person') keepAnAdministrator(ctx)
}

function putBack({ op, before, groups }: Step, { write }: CommandContext): void {
  switch (op.kind) {
    case 'create':
    case 'restore':
      write.remove(op.tbl, op.row)
      return
    case 'delete':
      write.restore(op.tbl, op.row)
      return
    case 'set': {
      const skipped = PLANNED[op.tbl] ?? []
      const fields: Record<string, Value> = {}
      for (const [group, members] of Object.entries(tableNamed(op.tbl).groups)) {
        if (isLife(group) || !groups.includes(group) || skipped.includes(group)) continue
        for (const name of Object.keys(members)) {
          // What it was before is not on this machine: nothing is put back by guessing.
          if (!(name in before)) throw new Refusal('history-not-undoable', { why: 'unknown' })
          fields[name] = before[name]!
        }
      }
      write.set(op.tbl, op.row, fields satisfies Fields)
    }
  }
}

function keepAnAdministrator({ db }: CommandContext): void {
  const left = db
    .prepare(`SELECT 1 FROM person WHERE role = 'administrator' AND active = 1 AND deleted = 0 LIMIT 1`)
    .get()
  if (!left) throw new Refusal('last-administrator')
}
