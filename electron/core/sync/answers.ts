import type { Stamp, Verdict } from '../../../shared/ops/types.ts'
import type { Run } from '../../../shared/wire/messages.ts'
import type { OpAnswer } from '../store/store.ts'

/** The hub's word on each op of a run. @param seqs those of the stream that it may speak of, in order; @param at authors' stamps by stream and seq */
export function answersOf(
  author: string,
  stream: number,
  run: Run,
  seqs: readonly number[],
  hubEpoch: number,
  at: ReadonlyMap<string, Stamp>,
): OpAnswer[] {
  const first = seqs.indexOf(run.from)
  if (first < 0) return []
  const verdict: Verdict =
    run.verdict === 'rejected' || run.verdict === 'quarantined'
      ? { kind: run.verdict, reason: run.reason ?? '' }
      : { kind: run.verdict }
  return seqs.slice(first, first + run.n).map((seq, index) => {
    const given = run.stamps ? (run.stamps[index] ?? run.stamps[0]) : undefined
    const stamp = given ? { ms: given[0], ctr: given[1] } : at.get(`${stream} ${seq}`)!
    return { author, stream, seq, verdict, hubEpoch, hubSeq: run.hub + index, stamp }
  })
}
