import type { Table } from '../domain/table.ts'
import { isKnownKind } from '../ops/canonical.ts'
import { opId } from '../ops/id.ts'
import { LIFE, writesOf } from '../ops/merge.ts'
import { compareStamps } from '../ops/stamp.ts'
import type { CanonicalOp, Value } from '../ops/types.ts'

/** What is left of a register row when superseded writes are put aside. */
export interface LiveRow {
  /** In the hub's order. */
  readonly ops: readonly CanonicalOp[]
  readonly values: Readonly<Record<string, Value>>
  /** The standing deletion. */
  readonly deletedBy: CanonicalOp | null
}

/**
 * The ops of one register row that still decide something: its creation, the latest write of each field group, the latest
 * deletion or restore, and whatever a newer version means to say. Putting the others aside changes no replica's state.
 */
export function liveRow(ops: Iterable<CanonicalOp>, table: Table | undefined): LiveRow {
  const kept = new Map<string, CanonicalOp>()
  const standing = new Map<string, CanonicalOp[]>()
  const values: Record<string, Value> = {}
  for (const op of ops) {
    if (op.kind === 'create' || !isKnownKind(op.kind)) {
      kept.set(opId(op), op)
      if (op.kind === 'create') Object.assign(values, op.fields)
      continue
    }
    for (const group of writesOf(op, table).keys()) {
      const best = standing.get(group)
      const order = best ? compareStamps(op.stamp, best[0]!.stamp) : 1
      // Who wins between equal stamps is left to the replicas.
      if (order > 0) standing.set(group, [op])
      else if (order === 0) best!.push(op)
    }
  }
  for (const [group, winners] of standing) {
    for (const winner of winners) {
      kept.set(opId(winner), winner)
      const fields = group === LIFE ? undefined : writesOf(winner, table).get(group)
      Object.assign(values, fields)
    }
  }
  const life = standing.get(LIFE)?.find(({ kind }) => kind === 'delete') ?? null
  return { ops: [...kept.values()].sort((a, b) => a.hubSeq - b.hubSeq), values, deletedBy: life }
}

/** True for ops that are kept one by one, whatever else there is: facts and claims. */
export const standsAlone = (op: CanonicalOp): boolean => op.kind === 'fact' || op.kind === 'claim'
