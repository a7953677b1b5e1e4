import type { BeadState, PlanState, RecordState, Sentence } from '../../../../shared/contract/planning.ts'
import type { TodaySession } from '../../../../shared/contract/today.ts'
import { blocking, warnings, type Finding } from '../../../../shared/domain/rules/evaluate.ts'
import { RULE_SOURCES } from '../../../../shared/domain/rules/rule.ts'
import { HOUR_MS } from '../../../../shared/domain/time.ts'
import type { Db } from '../../../sqlite/open.ts'
import { leaseWord } from '../../bookings.ts'
import { planState } from '../../planning/items.ts'
import { sessionFindings, sessionSales } from '../sessions/queries.ts'
import { chainOf, openOrdersOf, sampleVerdict, workOf, type ChainItem, type NearSession } from './repo.ts'

export interface SessionView extends TodaySession {
  readonly baseId: string
  readonly studioId: string | null
  readonly findings: readonly Finding[]
  readonly sampleOpen: boolean
}

/** A sample that is not through inspection this long before air is a risk even without a plan. */
const SAMPLE_RISK_MS = 6 * HOUR_MS
/** Items a person ticks shortly before air are not missed earlier than this. */
const CHECKLIST_MS = 12 * HOUR_MS

export function recordOf(session: Pick<NearSession, 'status' | 'outcome'>): RecordState {
  if (session.outcome === 'granted') return 'confirmed'
  if (session.outcome === 'refused') return 'refused'
  return session.outcome === 'none' && session.status !== 'planned' ? 'confirmed' : 'tentative'
}

const beadOf = (item: ChainItem | undefined): BeadState => {
  if (!item) return 'ring'
  const state = planState(item)
  return state === 'late' ? 'late' : state === 'at-risk' ? 'risk' : 'ring'
}

interface Steps {
  readonly sample: BeadState
  readonly inspection: BeadState
  readonly production: BeadState
}

function stepsOf(db: Db, session: NearSession, nowMs: number, isTentative: boolean): Steps {
  const work = workOf(db, session.id)
  const chain = chainOf(db, session.id)
  const item = (kind: string) => chain.find((candidate) => candidate.kind === kind)
  const sample = work.find((order) => order.kind === 'sample')
  const making = work.filter((order) => order.kind !== 'sample')
  const verdict = session.heroSkuId === null ? null : sampleVerdict(db, session.id, session.heroSkuId)
  const isNear = session.startMs - nowMs < SAMPLE_RISK_MS
  const sampleBead: BeadState =
    !sample || sample.status === 'done'
      ? 'done'
      : sample.status === 'running'
        ? 'half'
        : beadOf(item('sample'))
  const planned = beadOf(item('qc'))
  const inspection: BeadState =
    !sample || verdict === 'passed' || verdict === 'waived'
      ? 'done'
      : verdict === 'failed' || (planned === 'ring' && isNear)
        ? 'risk'
        : planned
  const isDone = making.length > 0 && making.every((order) => order.status === 'done')
  const production: BeadState = isDone
    ? 'done'
    : making.some((order) => order.status === 'running')
      ? 'half'
      : isTentative
        ? 'tentative'
        : beadOf(item('production'))
  return { sample: sampleBead, inspection, production }
}

function pickUpBead(db: Db, session: NearSession, production: BeadState, isTentative: boolean): BeadState {
  if (production === 'late' || production === 'risk') return production
  if (isTentative) return 'tentative'
  const { orders, open } = openOrdersOf(db, session.id)
  return session.status !== 'live' && orders > 0 && open === 0 ? 'done' : 'ring'
}

/** The short name of where a rule comes from, for a sentence. */
export const sourceParams = (finding: Finding) => ({
  law: RULE_SOURCES[finding.source.code].shortZh,
  lawEn: RULE_SOURCES[finding.source.code].en,
  article: finding.source.article,
})

function condition(
  db: Db,
  session: NearSession,
  findings: readonly Finding[],
  steps: Steps,
  record: RecordState,
): Sentence {
  if (session.status === 'live') {
    const sales = sessionSales(db, session.id)
    return { key: 'say.condition.selling', params: { units: sales.units, promisable: sales.stillPromisable } }
  }
  if (record === 'tentative')
    return {
      key: session.outcome === 'none' ? 'say.condition.unclaimed' : 'say.condition.tentative',
      params: {},
    }
  if (record === 'refused') return { key: 'say.condition.refused', params: {} }
  const blocks = blocking(findings)
  if (blocks.length > 0)
    return {
      key: `say.condition.${blocks[0]!.ruleId === 'm117-30-review' ? 'review' : blocks.length === 1 ? 'block' : 'blocks'}`,
      params: { rule: blocks[0]!.ruleId, count: blocks.length, ...sourceParams(blocks[0]!) },
    }
  if (steps.inspection === 'risk' || steps.inspection === 'late')
    return { key: 'say.condition.sample', params: {} }
  const checked = new Set(findings.map((finding) => finding.ruleId)).size
  const open = warnings(findings).length
  if (steps.production === 'late') return { key: 'say.condition.lateProduction', params: { checked } }
  if (open > 0) return { key: 'say.condition.warnings', params: { count: open } }
  return { key: 'say.condition.ready', params: { checked } }
}

/** One row of the session list: beads, the sentence that matters most, and its state. */
export function viewSession(
  db: Db,
  session: NearSession,
  names: ReadonlyMap<string, string>,
  nowMs: number,
): SessionView {
  const record = recordOf(session)
  const isTentative = record === 'tentative' || record === 'refused'
  const steps = stepsOf(db, session, nowMs, isTentative)
  const isNear = session.startMs - nowMs < CHECKLIST_MS
  const findings =
    session.status === 'live'
      ? []
      : sessionFindings(db, session.id, nowMs).filter((finding) => isNear || finding.checklistItem === null)
  const blocks = blocking(findings).length
  const broadcast: BeadState =
    session.status === 'live' ? 'half' : isTentative ? 'tentative' : blocks > 0 ? 'risk' : 'ring'
  const pickUp = pickUpBead(db, session, steps.production, isTentative)
  const beads = [steps.sample, steps.inspection, broadcast, steps.production, pickUp] as const
  const plan: PlanState = beads.includes('late') ? 'late' : beads.includes('risk') ? 'at-risk' : 'on-time'
  return {
    id: session.id,
    title: session.title,
    merchantName: session.merchantName,
    merchantShortName: session.merchantShortName,
    skuLabel: session.skuLabel ?? '',
    skuCount: session.skuCount,
    studioId: session.studioId,
    studioName: session.studioName,
    streamerNames: (JSON.parse(session.streamerIdsPlanned) as string[]).map((id) => names.get(id) ?? ''),
    startMs: session.startMs,
    endMs: session.endMs,
    live: session.status === 'live',
    beads,
    condition: condition(db, session, findings, steps, record),
    blocks,
    plan,
    record,
    lease: leaseWord(session),
    baseId: session.baseId,
    findings,
    sampleOpen: steps.inspection !== 'done',
  }
}
