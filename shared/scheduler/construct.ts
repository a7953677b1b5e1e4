import { fitStart, NEVER, openBetween } from './calendar.ts'
import { chargeUnplacedAir, placeAir } from './air-state.ts'
import { overDeadline } from './figures.ts'
import { eachGap, insertLine, placeAirAt, precedenceBound, refreshExcuses, unplace } from './insert.ts'
import type { Gap } from './insert.ts'
import type { Model } from './model.ts'
import { State } from './state.ts'
import { settle } from './timing.ts'

/** A state with nothing planned, its order topological by precedence. */
export function emptyState(model: Model): State {
  const state = new State(model)
  const urgency = latestStarts(model)
  topologicalOrder(model, urgency).forEach((v, p) => {
    state.order[p] = v
    state.pos[v] = p
  })
  chargeUnplacedAir(state)
  for (let v = 0; v < model.n; v++) state.touch(v)
  settle(state)
  return state
}

/**
 * Latest sensible start of every task, from due dates and last slots backwards; durations are stretched by
 * how much of the clock its calendar is open.
 */
export function latestStarts(model: Model): Float64Array {
  const latest = new Float64Array(model.n)
  const byDepth = topologicalOrder(model, latest)
  const horizon = model.problem.horizonMin
  for (let p = model.n - 1; p >= 0; p--) {
    const v = byDepth[p]!
    const job = model.jobOf[v]!
    let end = Math.min(model.jobDue[job]!, model.deadline[v]!, model.unplannedAt)
    for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
      end = Math.min(end, latest[model.succTask[a]!]! - model.arcMin[model.succArc[a]!]!)
    const air = model.air.airOf[v]!
    if (air >= 0) {
      const candidates = model.air.tasks[air]!.candidates
      const lastStart = candidates[candidates.length - 1]?.start ?? 0
      const dur = candidates[0] ? candidates[0].end - candidates[0].start : 0
      latest[v] = Math.min(end - dur, lastStart)
    } else {
      let wall = Infinity
      for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++) {
        const open = openBetween(model.modeTime[m]!, model.now, model.now + horizon)
        wall = Math.min(wall, open > 0 ? (model.modeDur[m]! * horizon) / open : NEVER)
      }
      latest[v] = end - wall
    }
  }
  return latest
}

/** Kahn's order, smallest key first among the ready. */
export function topologicalOrder(
  model: Pick<Model, 'n' | 'predFrom' | 'succFrom' | 'succTask'>,
  key: ArrayLike<number>,
): Int32Array {
  const { n } = model
  const waiting = new Int32Array(n)
  for (let v = 0; v < n; v++) waiting[v] = model.predFrom[v + 1]! - model.predFrom[v]!
  const heap: number[] = []
  const less = (a: number, b: number): boolean => key[a]! < key[b]! || (key[a] === key[b] && a < b)
  const push = (v: number): void => {
    let i = heap.push(v) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!less(heap[i]!, heap[parent]!)) break
      ;[heap[i], heap[parent]] = [heap[parent]!, heap[i]!]
      i = parent
    }
  }
  const pop = (): number => {
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    heap[0] = last
    for (let i = 0; ;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && less(heap[child + 1]!, heap[child]!)) child++
      if (!less(heap[child]!, heap[i]!)) break
      ;[heap[i], heap[child]] = [heap[child]!, heap[i]!]
      i = child
    }
    return top
  }
  for (let v = 0; v < n; v++) if (waiting[v] === 0) push(v)
  const order = new Int32Array(n)
  let at = 0
  while (heap.length > 0) {
    const v = pop()
    order[at++] = v
    for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
      const w = model.succTask[a]!
      if (--waiting[w]! === 0) push(w)
    }
  }
  return order
}

/** Puts running and locked tasks where they must be. */
export function placeFixed(state: State): void {
  const { model } = state
  const fixed: number[] = []
  for (let v = 0; v < model.n; v++) if (model.fixedStart[v]! >= 0 && state.placed[v] === 0) fixed.push(v)
  // Broadcasts that may choose a room or people take what is left by those that name theirs.
  const choice = (v: number): number => {
    const air = model.air.tasks[model.air.airOf[v]!]
    if (!air) return 0
    return air.fixedStreamers ? (air.candidates[0]?.studios.length ?? 0) : NEVER
  }
  fixed.sort((a, b) => choice(a) - choice(b) || model.fixedStart[a]! - model.fixedStart[b]! || a - b)
  for (const v of fixed) {
    if (model.isAir[v] === 1) placeFixedAir(state, model.air.airOf[v]!)
    else placeFixedLine(state, v)
    settle(state)
  }
}

function placeFixedAir(state: State, air: number): void {
  const task = state.model.air.tasks[air]!
  for (let c = 0; c < task.candidates.length; c++) if (placeAirAt(state, air, c)) return
  const [studio, ...others] = task.candidates[0]?.studios ?? []
  if (studio !== undefined && others.length === 0 && task.fixedStreamers)
    placeAir(state, air, 0, studio, task.fixedStreamers)
}

function placeFixedLine(state: State, v: number): void {
  const { model } = state
  const start = model.fixedStart[v]!
  const pinned = model.pinnedMode[v]!
  let mode = pinned >= 0 ? pinned : model.modeFrom[v]!
  if (pinned < 0)
    for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++)
      if (fitStart(model.modeTime[m]!, start, model.modeDur[m]!, model.pausing[v] === 1) === start) {
        mode = m
        break
      }
  const at = model.needFrom[mode]!
  if (at === model.needFrom[mode + 1]!) {
    insertLine(state, v, mode, -1, -1, -1)
    return
  }
  const machine = model.machineFrom[model.needRes[at]!]!
  let before = state.last[machine]!
  let after = -1
  while (before >= 0 && state.start[before]! > start) {
    after = before
    before = state.prevOn(before, machine)
  }
  insertLine(state, v, mode, machine, before, after)
}

/** The gap from an instant on with the soonest estimated end, set-up minutes counted twice, that pushes nothing back. */
function bestGap(state: State, v: number, from: number): Gap | null {
  const { model } = state
  const wished = model.wishRes[v]
  const wishedStart = model.wishStart[v]!
  let best: Gap | null = null
  let bestCost = Infinity
  eachGap(state, v, Math.max(from, precedenceBound(state, v)), (gap) => {
    if (gap.after >= 0 && gap.push > 0) return
    let cost = gap.end + gap.setup
    if (wished && wishedStart >= 0) {
      const at = model.needFrom[gap.mode]!
      if (at < model.needFrom[gap.mode + 1]! && !wished.includes(model.needRes[at]!)) cost += 4 * model.wRes
    }
    if (cost < bestCost) {
      bestCost = cost
      best = gap
    }
  })
  return best
}

/**
 * Places one line task where it is locked, or in its best gap, before the start it is kept at only when it must; false
 * when nothing can take it.
 */
export function placeLine(state: State, v: number): boolean {
  const { fixedStart, keptStart } = state.model
  if (fixedStart[v]! >= 0) {
    if (precedenceBound(state, v) > fixedStart[v]!) return false
    placeFixedLine(state, v)
    settle(state)
    return state.placed[v] === 1
  }
  const from = keptStart[v]!
  const isPlaced = placeFrom(state, v, from)
  if (from === 0 || (isPlaced && state.end[v]! < NEVER && overDeadline(state, v, state.end[v]!) === 0))
    return isPlaced
  state.unlink(v)
  settle(state)
  return placeFrom(state, v, 0)
}

function placeFrom(state: State, v: number, from: number): boolean {
  const gap = bestGap(state, v, from)
  if (!gap) return false
  if (!insertLine(state, v, gap.mode, gap.machine, gap.before, gap.after)) {
    const tail = gap.machine >= 0 ? state.last[gap.machine]! : -1
    if (!insertLine(state, v, gap.mode, gap.machine, tail, -1)) return false
  }
  state.keepFrom(v, from)
  settle(state)
  return true
}

/**
 * Puts what a task waits for, first things first, where each ends earliest; false when something has no place.
 *
 * @param early whether also before the start that work is kept at
 */
export function hurryBefore(state: State, v: number, early = true): boolean {
  const { model } = state
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (model.isAir[u] === 1) {
      if (state.placed[u] === 0) return false
      continue
    }
    if (!hurryBefore(state, u, early)) return false
    if (model.fixedStart[u]! >= 0) continue
    if (state.placed[u] === 1) state.unlink(u)
    settle(state)
    let best: Gap | null = null
    const from = early ? 0 : model.keptStart[u]!
    eachGap(state, u, Math.max(from, precedenceBound(state, u)), (gap) => {
      if (gap.after >= 0 && gap.push > 0 && model.fixedStart[gap.after]! >= 0) return
      if (best === null || gap.end < best.end) best = gap
    })
    if (best === null) return false
    const { mode, machine, before, after } = best as Gap
    if (!insertLine(state, u, mode, machine, before, after)) return false
    state.keepFrom(u, from)
    settle(state)
  }
  return true
}

/** Lets what a broadcast waits for start earlier than it is kept at, when it would not be done by a start otherwise. */
export function letGoBefore(state: State, v: number, start: number): void {
  if (precedenceBound(state, v) <= start) return
  letGo(state, v)
  settle(state)
}

function letGo(state: State, v: number): void {
  const { model } = state
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (model.isAir[u] === 1) continue
    if (state.notBefore[u]! > 0) state.keepFrom(u, 0)
    letGo(state, u)
  }
}

/** Places an air task at its cheapest free candidate; false when there is none. */
export function placeBestAir(state: State, air: number, tail: number): boolean {
  const { model } = state
  const task = model.air.tasks[air]!
  const v = task.task
  const bound = precedenceBound(state, v)
  const job = model.jobOf[v]!
  const ranked: { c: number; cost: number }[] = []
  task.candidates.forEach((candidate, c) => {
    if (candidate.start < bound || candidate.start > model.latestStart[v]!) return
    const late = Math.max(0, candidate.end + tail - model.jobDue[job]!)
    let cost = candidate.loss * model.air.lossWeight + late * model.jobWeight[job]!
    if (model.wishStart[v]! >= 0) cost += Math.abs(candidate.start - model.wishStart[v]!) * model.wStart
    ranked.push({ c, cost })
  })
  ranked.sort((a, b) => a.cost - b.cost || a.c - b.c)
  for (const { c } of ranked)
    if (placeAirAt(state, air, c)) {
      freshenBefore(state, v)
      settle(state)
      return true
    }
  return false
}

/** Re-places predecessors that would now be held back by their maximum lag, so that they push nothing. */
function freshenBefore(state: State, v: number): void {
  const { model } = state
  if (!model.anyMaxLag) return
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (model.arcMax[model.predArc[a]!]! < 0 || model.isAir[u] === 1 || model.fixedStart[u]! >= 0) continue
    if (precedenceBound(state, u) <= state.start[u]!) continue
    const machine = state.machine[u * state.width]!
    const mode = state.mode[u]!
    state.unlink(u)
    if (!placeLine(state, u)) insertLine(state, u, mode, machine, -1, -1)
  }
}

/** Plans everything that can be planned, most urgent first; the rest stays out. */
export function construct(model: Model): State {
  const state = emptyState(model)
  placeFixed(state)
  completeState(state, latestStarts(model))
  return state
}

/** Places every unplaced task whose predecessors are all in the plan, most urgent first. */
export function completeState(state: State, urgency: Float64Array, banned?: Uint8Array): void {
  const { model } = state
  const waiting = new Int32Array(model.n)
  const ready: number[] = []
  const out = banned ? banned.slice() : new Uint8Array(model.n)
  for (let v = 0; v < model.n; v++) {
    if (state.placed[v] === 1) continue
    for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++)
      if (state.placed[model.predTask[a]!] === 0) waiting[v]!++
    if (waiting[v] === 0) ready.push(v)
  }
  while (ready.length > 0) {
    let pick = 0
    for (let i = 1; i < ready.length; i++) if (urgency[ready[i]!]! < urgency[ready[pick]!]!) pick = i
    const v = ready[pick]!
    ready[pick] = ready[ready.length - 1]!
    ready.pop()
    const done =
      out[v] === 0 &&
      (model.isAir[v] === 1
        ? placeBestAir(state, model.air.airOf[v]!, tailOf(model, urgency, v))
        : placeLine(state, v))
    if (!done) unplace(state, v)
    for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
      const w = model.succTask[a]!
      if (state.placed[w] === 1) continue
      if (!done) out[w] = 1
      if (--waiting[w]! === 0) ready.push(w)
    }
  }
  refreshExcuses(state)
  settle(state)
}

/** Plans what was left out only because v was, as far as it now can be. */
export function placeFollowers(state: State, v: number, urgency: Float64Array): void {
  const { model } = state
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
    const w = model.succTask[a]!
    if (state.placed[w] === 1) continue
    let ready = true
    for (let b = model.predFrom[w]!; b < model.predFrom[w + 1]! && ready; b++)
      ready = state.placed[model.predTask[b]!] === 1
    if (!ready) continue
    const air = model.air.airOf[w]!
    const done = air >= 0 ? placeBestAir(state, air, tailOf(model, urgency, w)) : placeLine(state, w)
    if (done) placeFollowers(state, w, urgency)
  }
}

/** Minutes of work that follow an air task, as implied by its urgency. */
export function tailOf(model: Model, urgency: Float64Array, v: number): number {
  let next = Infinity
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
    next = Math.min(next, urgency[model.succTask[a]!]!)
  const due = model.jobDue[model.jobOf[v]!]!
  return next === Infinity || due >= NEVER ? 0 : Math.max(0, due - next)
}
