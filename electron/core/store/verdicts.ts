import { parseOpId } from '../../../shared/ops/id.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { RollupHooks } from './rollups.ts'

interface BadNews {
  readonly kind: 'rejected' | 'quarantined'
  readonly tbl: string
  readonly row: string
  readonly opId: string
  readonly verdict: unknown
  /** When the step was taken, epoch ms. */
  readonly atMs: number
}

/** Shows a step that the hub did not take to whoever took it. Told once: only a final word after a provisional one opens it again. */
export function noteVerdict(db: Db, { kind, tbl, row, opId, verdict, atMs }: BadNews): void {
  prepared(
    db,
    `INSERT INTO conflict (kind, tbl, row, opId, details, atMs) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (opId) DO UPDATE SET kind = excluded.kind, details = excluded.details, settledMs = NULL, settledHow = NULL
       WHERE conflict.kind = 'quarantined' AND excluded.kind = 'rejected'`,
  ).run(kind, tbl, row, opId, JSON.stringify(verdict), atMs)
}

interface HeldRow {
  n: number
  tbl: string
  row: string
  atMs: number
}

/** What an administrator refuses of this device's work that the hub had set aside. */
export const verdictRollups: RollupHooks = {
  facts: {
    stepRefusal: (db, fact) => {
      const opId = String(fact['step'])
      const ref = parseOpId(opId)
      const held =
        ref &&
        prepared<[string, number, number], HeldRow>(
          db,
          `SELECT n, tbl, row, atMs FROM op WHERE author = ? AND stream = ? AND seq = ? AND state = 'quarantined'`,
        ).get(ref.author, ref.stream, ref.seq)
      if (!held) return
      const verdict = { kind: 'rejected', reason: String(fact['reason']), atMs: Number(fact['atMs']) }
      prepared(db, `UPDATE op SET state = 'rejected', verdict = ? WHERE n = ?`).run(
        JSON.stringify(verdict),
        held.n,
      )
      noteVerdict(db, { kind: 'rejected', tbl: held.tbl, row: held.row, opId, verdict, atMs: held.atMs })
    },
  },
}
