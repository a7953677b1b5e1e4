import { mean, round } from '../figures.ts'
import type { PeerResult } from './bench.ts'
import type { Case } from './instances.ts'
import type { SolveReply } from './portfolio.ts'

interface Row {
  item: Case
  values: number[]
  gapPct: number
  reference: string
  peer: PeerResult | undefined
}

/** Collects results; prints JSON lines {bench, case, metric, value, unit} or a table for people. */
export class Report {
  private readonly rows: Row[] = []
  private readonly set: string
  private readonly json: boolean

  constructor(set: string, json: boolean) {
    this.set = set
    this.json = json
  }

  addCase(item: Case, replies: SolveReply[], peer?: PeerResult): void {
    const values = replies.map((reply) => reply.plan.value)
    const bound = Math.max(item.knownLower ?? 0, ...replies.map((reply) => reply.lowerBound))
    const peerValue = peer?.value ?? undefined
    const base = item.known ?? peerValue ?? bound
    const reference =
      item.known !== undefined ? 'best-known' : peerValue !== undefined ? peer!.label : 'bound'
    const gapPct = base > 0 ? 100 * (mean(values) / base - 1) : mean(values) > 0 ? 100 : 0
    this.rows.push({ item, values, gapPct, reference, peer })
    const unit = item.objective === 'makespan' ? 'min' : 'weighted min'
    this.showRecord(item, replies, unit)
    const seconds = mean(replies.map((reply) => reply.seconds))
    if (this.json) {
      this.line(item.name, 'value_mean', mean(values), unit)
      this.line(item.name, 'value_best', Math.min(...values), unit)
      this.line(item.name, 'reference', base, reference)
      this.line(item.name, 'gap_pct', gapPct, '%')
      this.line(item.name, 'lower_bound', bound, unit)
      this.line(item.name, 'time', seconds, 's')
      this.line(item.name, 'iterations', mean(replies.map((reply) => reply.iterations)), '1')
      if (peer) {
        this.line(item.name, `peer ${peer.label}`, peer.value ?? Number.NaN, unit)
        this.line(item.name, `peer ${peer.label} time`, peer.seconds, 's')
      }
      return
    }
    const peerText = peer
      ? `  ${peer.label} ${peer.value ?? 'none'}${peer.optimal ? ' (optimal)' : ''} ${round(peer.seconds, 3)} s`
      : ''
    console.log(
      `${item.name.padEnd(20)} ${values.join(' ').padEnd(24)} ${reference} ${base}`.padEnd(70) +
        `${gapPct.toFixed(2).padStart(8)} %  bound ${bound}  ${seconds.toFixed(1)} s${peerText}`,
    )
  }

  /** A value below the best-known one comes with its schedule, `machine@start` per operation, jobs in the file's order. */
  private showRecord(item: Case, replies: readonly SolveReply[], unit: string): void {
    const { plan } = replies.reduce((a, b) => (b.plan.value < a.plan.value ? b : a))
    if (item.known === undefined || plan.value >= item.known) return
    const schedule = Array.from(plan.start, (start, u) => `${plan.machine[u]}@${start}`).join(' ')
    this.line(item.name, 'below_best_known', plan.value, unit, schedule)
  }

  finish(faulty: number): void {
    if (this.rows.length === 0) return
    const late = this.rows.filter((row) => row.item.objective === 'weighted-tardiness')
    for (const tag of new Set(late.flatMap((row) => row.item.tags ?? []))) {
      this.tardiness(
        `${this.set} ${tag}`,
        late.filter((row) => row.item.tags?.includes(tag)),
      )
    }
    if (late.length === this.rows.length) this.tardiness(this.set, late)
    const compared = this.rows.filter((row) => typeof row.peer?.value === 'number')
    if (compared.length > 0) {
      const ratios = compared.map((row) => 100 * (mean(row.values) / row.peer!.value! - 1))
      this.line(this.set, 'vs_peer_mean_pct', mean(ratios), '%')
      this.line(this.set, 'worse_than_peer', ratios.filter((ratio) => ratio > 1e-9).length, 'cases')
    }
    const without = this.rows.filter((row) => row.reference === 'bound').length
    if (without > 0) this.line(this.set, 'cases_against_own_bound', without, 'cases')
    this.line(this.set, 'faulty_plans', faulty, 'plans')
    const gap =
      late.length === this.rows.length ? this.sumGap(late) : mean(this.rows.map((row) => row.gapPct))
    this.line(this.set, 'gap_mean_pct', gap, '%')
  }

  private tardiness(name: string, rows: Row[]): void {
    const met = rows.flatMap((row) => row.values.map((value) => (value <= (row.item.known ?? 0) ? 1 : 0)))
    this.line(name, 'best_known_met_pct', 100 * mean(met), '%')
    this.line(name, 'sum_gap_pct', this.sumGap(rows), '%')
  }

  private sumGap(rows: Row[]): number {
    const known = rows.reduce((sum, row) => sum + (row.item.known ?? 0), 0)
    const own = rows.reduce((sum, row) => sum + mean(row.values), 0)
    return known > 0 ? 100 * (own / known - 1) : own > 0 ? 100 : 0
  }

  private line(name: string, metric: string, value: number, unit: string, schedule?: string): void {
    const shown = round(value, 3)
    if (this.json)
      console.log(JSON.stringify({ bench: 'scheduler', case: name, metric, value: shown, unit, schedule }))
    else console.log(`${name.padEnd(20)} ${metric.padEnd(24)} ${shown} ${unit} ${schedule ?? ''}`.trimEnd())
  }
}
