import { isOpenThroughout } from './calendar.ts'
import { FAIR, HARD, LOST } from './figures.ts'
import type { AirCandidate } from './model-air.ts'
import { MINUTES_PER_DAY, DEFAULTS } from './problem.ts'
import type { State } from './state.ts'

/** The candidate start an air task holds, or null when it is not planned. */
export function candidateOf(state: State, air: number): AirCandidate | null {
  const c = state.airCandidate[air]!
  return c < 0 ? null : state.model.air.tasks[air]!.candidates[c]!
}

/** Registers an unplaced model's air tasks as lost; call once on a fresh state. */
export function chargeUnplacedAir(state: State): void {
  for (const air of state.model.air.tasks)
    state.sums[LOST] = state.sums[LOST]! + air.value * state.model.air.lossWeight
  state.airChanged = true
}

/** Puts an unplaced air task at a candidate start. Precedence and machine times settle later. */
export function placeAir(
  state: State,
  air: number,
  candidate: number,
  studio: number,
  streamers: readonly number[],
): void {
  const { model } = state
  const task = model.air.tasks[air]!
  const choice = task.candidates[candidate]!
  const v = task.task
  state.airCandidate[air] = candidate
  state.airStudio[air] = studio
  state.airCrew[air] = streamers.length
  for (let i = 0; i < streamers.length; i++) state.airStreamers[air * state.crew + i] = streamers[i]!
  state.start[v] = choice.start
  state.end[v] = choice.end
  state.placed[v] = 1
  state.excused[v] = 0
  state.sums[LOST] = state.sums[LOST]! + (choice.loss - task.value) * model.air.lossWeight
  if (choice.slot >= 0) countSlot(state, choice.slot, 1)
  addUse(state, studio, air)
  for (const streamer of streamers) addUse(state, streamer, air)
  for (const need of task.kit) addUse(state, need.res, air)
  touchAround(state, v)
}

/** Takes an air task out of the plan (its line successors are the caller's business). */
export function removeAir(state: State, air: number): void {
  const { model } = state
  const task = model.air.tasks[air]!
  const choice = candidateOf(state, air)
  if (!choice) return
  const v = task.task
  removeUse(state, state.airStudio[air]!, air)
  for (let i = 0; i < state.airCrew[air]!; i++)
    removeUse(state, state.airStreamers[air * state.crew + i]!, air)
  for (const need of task.kit) removeUse(state, need.res, air)
  if (choice.slot >= 0) countSlot(state, choice.slot, -1)
  state.sums[LOST] = state.sums[LOST]! + (task.value - choice.loss) * model.air.lossWeight
  state.airCandidate[air] = -1
  state.airStudio[air] = -1
  state.airCrew[air] = 0
  state.placed[v] = 0
  touchAround(state, v)
}

function touchAround(state: State, v: number): void {
  const { model } = state
  state.airChanged = true
  state.airMoved = true
  state.touch(v)
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) state.touch(model.succTask[a]!)
  if (!model.anyMaxLag) return
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++)
    if (model.arcMax[model.predArc[a]!]! >= 0) state.touch(model.predTask[a]!)
}

function countSlot(state: State, slot: number, change: 1 | -1): void {
  const before = state.slotUse[slot]!
  state.slotUse[slot] = before + change
  const extra = Math.max(0, before + change - 1) - Math.max(0, before - 1)
  state.sums[HARD] = state.sums[HARD]! + extra
}

function addUse(state: State, res: number, air: number): void {
  const { useList, useCount, airCount, start, model } = state
  const from = res * airCount
  const own = start[model.air.tasks[air]!.task]!
  let at = from + useCount[res]!
  while (at > from && start[model.air.tasks[useList[at - 1]!]!.task]! > own) {
    useList[at] = useList[at - 1]!
    at--
  }
  useList[at] = air
  useCount[res] = useCount[res]! + 1
  refreshUse(state, res)
}

function removeUse(state: State, res: number, air: number): void {
  if (takeUse(state, res, air)) refreshUse(state, res)
}

function takeUse(state: State, res: number, air: number): boolean {
  const { useList, useCount, airCount } = state
  const from = res * airCount
  const to = from + useCount[res]! - 1
  let at = from
  while (at <= to && useList[at] !== air) at++
  if (at > to) return false
  for (; at < to; at++) useList[at] = useList[at + 1]!
  useCount[res] = useCount[res]! - 1
  return true
}

function refreshUse(state: State, res: number): void {
  const hard = useViolation(state, res)
  state.sums[HARD] = state.sums[HARD]! + hard - state.useHard[res]!
  state.useHard[res] = hard
}

/** Hard minutes on one studio, streamer or kit pool: overlap, daily limit, rest, stretch. */
function useViolation(state: State, res: number): number {
  const { useList, airCount, start, end, model } = state
  const resource = model.resources[res]!
  const from = res * airCount
  const to = from + state.useCount[res]!
  if (resource.kind === 'pool') return poolViolation(state, res)
  const gap = (resource.turnaroundMin ?? 0) + (resource.leadMin ?? 0)
  const rest = resource.minRestMin ?? 0
  const dayLimit = resource.maxMinPerDay ?? Infinity
  const stretchLimit = resource.maxConsecutiveMin ?? Infinity
  const breakMin = resource.breakMin ?? DEFAULTS.breakMin
  let hard = 0
  let busyUntil = -Infinity
  let day = -1
  let dayMin = 0
  let stretch = 0
  for (let i = from; i < to; i++) {
    const v = model.air.tasks[useList[i]!]!.task
    const s = start[v]!
    const e = end[v]!
    const today = Math.floor(s / MINUTES_PER_DAY)
    if (i > from) {
      if (busyUntil + gap > s) hard += busyUntil + gap - s
      if (today !== day && s - busyUntil < rest) hard += rest - (s - busyUntil)
    }
    if (today !== day) {
      if (dayMin > dayLimit) hard += dayMin - dayLimit
      day = today
      dayMin = 0
    }
    dayMin += e - s
    if (i > from && s - busyUntil >= breakMin) {
      if (stretch > stretchLimit) hard += stretch - stretchLimit
      stretch = 0
    }
    stretch += e - s
    if (e > busyUntil) busyUntil = e
  }
  if (dayMin > dayLimit) hard += dayMin - dayLimit
  if (stretch > stretchLimit) hard += stretch - stretchLimit
  return hard
}

/** Units over capacity times minutes. */
function poolViolation(state: State, res: number): number {
  const { useList, airCount, model } = state
  const resource = model.resources[res]!
  const from = res * airCount
  const events: [number, number][] = []
  for (let i = from; i < from + state.useCount[res]!; i++) {
    const air = model.air.tasks[useList[i]!]!
    const qty = air.kit.reduce((sum, need) => sum + (need.res === res ? need.qty : 0), 0)
    events.push([state.start[air.task]! - (resource.leadMin ?? 0), qty])
    events.push([state.end[air.task]! + (resource.turnaroundMin ?? 0), -qty])
  }
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let used = 0
  let hard = 0
  for (let i = 0; i < events.length; i++) {
    used += events[i]![1]
    const over = used - (resource.capacity ?? 1)
    if (over > 0) hard += over * (events[i + 1]![0] - events[i]![0])
  }
  return hard
}

/** Recomputes the fairness sum after broadcasts changed. */
export function settleAir(state: State): void {
  state.airChanged = false
  const rules = state.model.air.fairness
  if (rules) state.sums[FAIR] = fairnessCost(state)
}

function fairnessCost(state: State): number {
  const { model, useList, useCount, airCount } = state
  const rules = model.air.fairness!
  const { periods, tally } = rules
  let cost = 0
  for (const res of rules.streamers) {
    const quota = model.resources[res]!.quotaMin!
    tally.fill(0, 0, periods)
    for (let i = res * airCount; i < res * airCount + useCount[res]!; i++) {
      const { period, primeMin, start, end } = candidateOf(state, useList[i]!)!
      if (period >= 0) tally[period] = tally[period]! + (rules.primeOnly ? primeMin : end - start)
    }
    for (let period = 0; period < periods; period++) {
      const minutes = tally[period]!
      if (minutes < quota.min || minutes > quota.max) cost += (minutes - quota.target) ** 2
    }
  }
  return rules.longTail || rules.headCapPct < 100 ? cost + primeShareCost(state) : cost
}

/** The tally holds one row per period: all prime minutes, those of the long tail, then one cell per merchant. */
function primeShareCost(state: State): number {
  const { air } = state.model
  const rules = air.fairness!
  const { tally, periods } = rules
  const row = rules.merchants + 2
  tally.fill(0)
  for (let a = 0; a < air.tasks.length; a++) {
    const choice = candidateOf(state, a)
    if (choice === null || choice.primeMin === 0 || choice.period < 0) continue
    const { merchant, longTail } = air.tasks[a]!
    const from = choice.period * row
    tally[from] = tally[from]! + choice.primeMin
    const cell = from + (longTail ? 1 : merchant + 2)
    if (longTail || merchant >= 0) tally[cell] = tally[cell]! + choice.primeMin
  }
  let cost = 0
  for (let from = 0; from < periods * row; from += row) {
    const total = tally[from]!
    if (rules.longTail)
      cost += Math.max(0, Math.ceil((total * rules.longTailPct) / 100) - tally[from + 1]!) ** 2
    if (rules.headCapPct >= 100) continue
    const cap = Math.floor((total * rules.headCapPct) / 100)
    for (let i = from + 2; i < from + row; i++) if (tally[i]! > cap) cost += (tally[i]! - cap) ** 2
  }
  return cost
}

/** Whether an unplaced air task could take this resource at a candidate without any hard minute. */
export function fitsUse(state: State, res: number, air: number, choice: AirCandidate): boolean {
  const { model } = state
  if (!isOpenThroughout(model.resTime[res]!, choice.start, choice.end)) return false
  const v = model.air.tasks[air]!.task
  const heldStart = state.start[v]!
  const heldEnd = state.end[v]!
  const heldHard = state.sums[HARD]!
  const before = state.useHard[res]!
  state.start[v] = choice.start
  state.end[v] = choice.end
  addUse(state, res, air)
  const fits = state.useHard[res]! <= before
  takeUse(state, res, air)
  state.useHard[res] = before
  state.sums[HARD] = heldHard
  state.start[v] = heldStart
  state.end[v] = heldEnd
  return fits
}
