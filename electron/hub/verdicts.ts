import { decodeOp } from '../../shared/ops/canonical.ts'
import type { Stamp } from '../../shared/ops/types.ts'
import type { Run } from '../../shared/wire/messages.ts'
import type { Queries } from './database.ts'
import type { OpState } from './schema.ts'

/** What became of one op. */
export interface Judged {
  readonly seq: number
  readonly verdict: Run['verdict']
  readonly hubSeq: number
  readonly reason: string | null
  readonly stamp: Stamp
  readonly at: Stamp
}

/** Words for an op's state. */
export const VERDICTS = ['applied', 'rejected', 'quarantined'] as const

const MAX_TOLD = 20_000

/** Neighbouring ops with one fate, so that an answer costs a few bytes however long the batch. */
export function runsOf(judged: readonly Judged[]): Run[] {
  const runs: (Run & { stamps: [number, number][] })[] = []
  let differs = false
  const close = (): void => {
    const run = runs.at(-1)
    if (!run) return
    const [first] = run.stamps
    if (!differs) run.stamps = []
    else if (run.stamps.every(([ms, ctr]) => ms === first![0] && ctr === first![1])) run.stamps = [first!]
    differs = false
  }
  for (const { verdict, reason, hubSeq, seq, stamp, at } of judged) {
    const run = runs.at(-1)
    const continues =
      run && run.verdict === verdict && (run.reason ?? null) === reason && run.hub + run.n === hubSeq
    if (continues) {
      run.n++
      run.stamps.push([stamp.ms, stamp.ctr])
    } else {
      close()
      runs.push({
        from: seq,
        n: 1,
        verdict,
        hub: hubSeq,
        ...(reason === null ? {} : { reason }),
        stamps: [[stamp.ms, stamp.ctr]],
      })
    }
    if (stamp.ms !== at.ms || stamp.ctr !== at.ctr) differs = true
  }
  close()
  return runs.map(({ stamps, ...run }) => (stamps.length > 0 ? { ...run, stamps } : run))
}

/** What became of a stream's ops after a seq: for a device whose connection broke before it was told. */
export async function judgedAfter(
  db: Queries,
  stream: { belt: string; author: string; stream: number },
  after: number,
): Promise<Judged[]> {
  const rows = await db
    .selectFrom('op')
    .select(['seq', 'hubSeq', 'state', 'reason', 'stampMs', 'stampCtr', 'payload'])
    .where('belt', '=', stream.belt)
    .where('author', '=', stream.author)
    .where('stream', '=', stream.stream)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(MAX_TOLD)
    .execute()
  return rows.map(({ seq, hubSeq, state, reason, stampMs, stampCtr, payload }) => ({
    seq,
    verdict: VERDICTS[state as OpState],
    hubSeq,
    reason,
    stamp: { ms: stampMs, ctr: stampCtr },
    at: decodeOp(payload).at,
  }))
}
