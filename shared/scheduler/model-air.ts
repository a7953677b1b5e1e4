import { buildOpenTime, isOpenThroughout, openBetween } from './calendar.ts'
import type { OpenTime } from './calendar.ts'
import type { EffectiveLock } from './locks.ts'
import { DEFAULTS } from './problem.ts'
import type { Need, Problem, Resource, Session, Slot, Task } from './problem.ts'

/** A start an air task may take, with the studios open and allowed for it. */
export interface AirCandidate {
  start: number
  end: number
  /** Index into problem.slots, -1 for a floating start. */
  slot: number
  /** Session value lost by airing here rather than in the best place. */
  loss: number
  need: number
  studios: readonly number[]
  /** Fairness period of the start (-1 beyond the last) and minutes in prime time. */
  period: number
  primeMin: number
}

type Start = Omit<AirCandidate, 'studios' | 'period' | 'primeMin'>

export interface AirTask {
  task: number
  candidates: AirCandidate[]
  /** Resource indices of streamers that may present it. */
  streamers: readonly number[]
  kit: readonly { res: number; qty: number }[]
  value: number
  /** Streamers fixed by a lock, in order. */
  fixedStreamers: readonly number[] | null
  /** Number of the merchant among those on air, -1 for none; whether it belongs to the long tail. */
  merchant: number
  longTail: boolean
}

export interface FairnessModel {
  periodMin: number
  primeOnly: boolean
  periods: number
  /** Streamer resource indices with a quota that counts. */
  streamers: readonly number[]
  /** Merchants on air. */
  merchants: number
  longTail: boolean
  longTailPct: number
  headCapPct: number
  /** Room for sums by period. */
  tally: Int32Array
}

export interface AirModel {
  tasks: AirTask[]
  /** Air number of a task, -1 for line tasks. */
  airOf: Int32Array
  lossWeight: number
  fairness: FairnessModel | null
}

export function compileAir(
  problem: Problem,
  open: readonly Task[],
  resIndex: ReadonlyMap<string, number>,
  resTime: readonly OpenTime[],
  locks: ReadonlyMap<string, EffectiveLock>,
): AirModel {
  const airOf = new Int32Array(open.length).fill(-1)
  const tasks: AirTask[] = []
  const merchantOf = new Map(problem.jobs.map((job) => [job.id, job.merchant ?? null]))
  const merchants = new Map<string, number>()
  const tail = new Set(problem.fairness?.longTail?.merchants ?? [])
  const prime = buildOpenTime(problem.fairness?.prime ?? [])
  const periodMin = problem.fairness?.periodMin ?? Infinity
  const periods = countPeriods(problem)
  open.forEach((task, v) => {
    if (!task.session) return
    airOf[v] = tasks.length
    const session = task.session
    const lock = locks.get(task.id)
    const kit = (session.kit ?? []).map((need: Need) => ({
      res: resIndex.get(need.res)!,
      qty: need.qty ?? 1,
    }))
    const toIndices = (ids: readonly string[]): number[] =>
      ids.map((id) => resIndex.get(id)).filter((r) => r !== undefined)
    const streamers = listStreamers(problem, session).map((resource) => resIndex.get(resource.id)!)
    const periodOf = (start: number): number => {
      const period = Math.floor(start / periodMin)
      return period < periods ? period : -1
    }
    const merchant = merchantOf.get(task.job) ?? null
    if (merchant !== null && !merchants.has(merchant)) merchants.set(merchant, merchants.size)
    const candidates = listStarts(problem, task, lock).map((candidate) => ({
      ...candidate,
      period: periodOf(candidate.start),
      primeMin: openBetween(prime, candidate.start, candidate.end),
      studios: listStudios(problem, session, candidate.slot)
        .map((resource) => resIndex.get(resource.id)!)
        .filter((r) => lock?.studio == null || resIndex.get(lock.studio) === r)
        .filter(
          (r) => lock?.cause === 'running' || isOpenThroughout(resTime[r]!, candidate.start, candidate.end),
        ),
    }))
    tasks.push({
      task: v,
      candidates: candidates.filter((candidate) => candidate.studios.length > 0),
      streamers,
      kit,
      value: valueOf(problem, task),
      fixedStreamers: lock?.streamers ? toIndices(lock.streamers) : null,
      merchant: merchant === null ? -1 : merchants.get(merchant)!,
      longTail: merchant !== null && tail.has(merchant),
    })
  })
  return {
    tasks,
    airOf,
    lossWeight: problem.lostValueWeight ?? DEFAULTS.lostValueWeight,
    fairness: compileFairness(problem, resIndex, merchants.size),
  }
}

/** Slots a task may take: named ones, else (without a float) those that list its job. */
export function candidateSlots(problem: Problem, task: Task): number[] {
  const session = task.session!
  const products = session.products ?? 1
  const fits = (slot: Slot): boolean => slot.maxProducts == null || products <= slot.maxProducts
  const indices = [...problem.slots.keys()]
  if (session.slots) {
    const named = new Set(session.slots)
    return indices.filter((i) => named.has(problem.slots[i]!.id) && fits(problem.slots[i]!))
  }
  if (session.float) return []
  return indices.filter((i) => problem.slots[i]!.jobs?.includes(task.job) && fits(problem.slots[i]!))
}

/** What is lost when the task is left out: its value, or that of the best slot it could have had. */
export function valueOf(problem: Problem, task: Task): number {
  if (task.session!.value != null) return task.session!.value
  return candidateSlots(problem, task).reduce((best, i) => Math.max(best, problem.slots[i]!.value ?? 0), 0)
}

export function listStreamers(problem: Problem, session: Session): Resource[] {
  const named = session.streamers ? new Set(session.streamers) : null
  return problem.resources.filter(
    (resource) =>
      resource.kind === 'streamer' &&
      (named === null || named.has(resource.id)) &&
      (session.skills ?? []).every((skill) => resource.skills?.includes(skill)),
  )
}

function listStudios(problem: Problem, session: Session, slot: number): Resource[] {
  const bySlot = slot >= 0 ? problem.slots[slot]!.studios : null
  return problem.resources.filter(
    (resource) =>
      resource.kind === 'studio' &&
      (session.studios == null || session.studios.includes(resource.id)) &&
      (bySlot == null || bySlot.includes(resource.id)),
  )
}

function listStarts(problem: Problem, task: Task, lock: EffectiveLock | undefined): Start[] {
  const session = task.session!
  const value = valueOf(problem, task)
  const now = problem.now ?? 0
  const job = problem.jobs.find((item) => item.id === task.job)
  const from = Math.max(now, job?.release ?? 0, task.window?.[0] ?? 0)
  const to = Math.min(job?.hardDue ?? Infinity, task.window?.[1] ?? Infinity)
  const starts: Start[] = []
  for (const i of candidateSlots(problem, task)) {
    const slot = problem.slots[i]!
    if (session.dur != null && session.dur > slot.end - slot.start) continue
    starts.push({
      start: slot.start,
      end: slot.start + (session.dur ?? slot.end - slot.start),
      slot: i,
      loss: slot.value == null ? 0 : Math.max(0, value - slot.value),
      need: session.needStreamers ?? slot.needStreamers ?? 1,
    })
  }
  if (session.float && session.dur != null) {
    const { from: first, to: last, stepMin } = session.float
    for (let start = first; start + session.dur <= last; start += stepMin)
      starts.push({ start, end: start + session.dur, slot: -1, loss: 0, need: session.needStreamers ?? 1 })
  }
  if (lock?.start != null) {
    const held = starts.filter((candidate) => candidate.start === lock.start)
    if (held.length > 0) return held
    const dur = session.dur ?? (starts[0] ? starts[0].end - starts[0].start : 60)
    return [{ start: lock.start, end: lock.start + dur, slot: -1, loss: 0, need: session.needStreamers ?? 1 }]
  }
  return starts
    .filter((candidate) => candidate.start >= from && candidate.end <= to)
    .sort((a, b) => a.start - b.start)
}

function countPeriods(problem: Problem): number {
  return problem.fairness ? Math.max(1, Math.ceil(problem.horizonMin / problem.fairness.periodMin)) : 1
}

function compileFairness(
  problem: Problem,
  resIndex: ReadonlyMap<string, number>,
  merchants: number,
): FairnessModel | null {
  const rules = problem.fairness
  if (!rules) return null
  const periods = countPeriods(problem)
  const groups = rules.groups ? new Set(rules.groups) : null
  return {
    periodMin: rules.periodMin,
    primeOnly: rules.measure === 'primeMinutes',
    periods,
    streamers: problem.resources
      .filter((resource) => resource.quotaMin && (groups === null || groups.has(resource.id)))
      .map((resource) => resIndex.get(resource.id)!),
    merchants,
    longTail: rules.longTail != null,
    longTailPct: rules.longTail?.sharePct ?? 0,
    headCapPct: rules.headCap?.sharePct ?? 100,
    tally: new Int32Array(periods * (merchants + 2)),
  }
}
