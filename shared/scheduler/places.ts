import { advance, endFrom, fitStart, NEVER } from './calendar.ts'
import { countUnwished, latenessOf, overDeadline, strayed } from './figures.ts'
import { anchorMachines, setupBetween } from './insert.ts'
import type { MoveContext } from './moves.ts'
import { beyondCost, isLast, lateChange, latestBefore, overtimeIn, shiftCost, stepOn } from './place-cost.ts'
import { logarithmOfChance } from './random.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'
import { freeAfter, heldAfter } from './timing.ts'

/** Places dearer than the cheapest by so many temperatures are not looked at: hardly one in 150 would be drawn. */
const TEMPERATURES_APART = 5

/**
 * The places of one trial: mode, machine, neighbours, whether it waits there for the start it is wished at, and what it changes in points of the guide cost to put the
 * task there (for a task that is in no place: what it costs there). Reused between trials.
 */
export const places = {
  count: 0,
  mode: [0],
  machine: [0],
  before: [0],
  after: [0],
  /** The start the task is kept at there although it could be earlier; 0 for none. */
  keptFrom: [0],
  cost: [0],
  least: Infinity,
  temperature: 0,
}

/** The place a task is in, and what taking it out changes on its first machine, on its others, and for itself. */
const old = { placed: false, mode: -1, machine: -1, before: -1, start: -1, first: 0, others: 0, own: 0 }

/** Begins a list of places of a task; the one it is in stays out of it. */
export function beginPlaces(state: State, v: number, context: MoveContext, temperature: number): void {
  const { model, width } = state
  const { weights } = context
  places.count = 0
  places.least = Infinity
  places.temperature = temperature
  const from = v * width
  old.placed = state.machine[from]! >= 0
  old.mode = old.machine = -1
  old.first = old.others = old.own = 0
  if (!old.placed) return
  old.machine = state.machine[from]!
  leaveOut(state.mode[v]!, state.prev[from]!, state.start[v])
  old.own =
    weights[0]! * overDeadline(state, v, state.end[v]!) +
    weights[1]! * latenessOf(state, v) * model.jobWeight[model.jobOf[v]!]! +
    weights[2]! * state.stab[v]! +
    weights[3]! * (state.setup[v]! + state.over[v]!)
  for (let e = from; e < from + width; e++) {
    const machine = state.machine[e]!
    const after = state.next[e]!
    if (machine < 0 || after < 0) continue
    const before = state.prev[e]!
    const free = freeAfter(state, machine, before, after)
    const held = heldAfter(model, machine, before)
    const saved = shiftCost(state, context, machine, after, free, held, Infinity)
    if (e === from) old.first = saved
    else old.others += saved
  }
}

/** Leaves the place behind a task in a mode out of the list, or only when the task starts there at an instant. */
export function leaveOut(mode: number, before: number, start = -1): void {
  old.mode = mode
  old.before = before
  old.start = start
}

/**
 * Lists the places of a task on the machines of a mode: the work behind each of them is timed anew until it is as
 * before. Places priced above `most`, or much above the cheapest, are left out.
 */
export function listPlaces(
  state: State,
  v: number,
  mode: number,
  bound: number,
  context: MoveContext,
  most: number,
): void {
  const { model, end, pos } = state
  const { weights } = context
  const [from, to] = anchorMachines(model, mode)
  const own = model.family[v]!
  const dur = model.modeDur[mode]!
  const time = model.modeTime[mode]!
  const pausing = model.pausing[v] === 1
  const price = weights[1]! * model.jobWeight[model.jobOf[v]!]!
  const latest = context.latestEnd[v]!
  const away = weights[2]! * model.wRes * countUnwished(model, v, mode)
  const ceiling = latestBefore(state, v)
  const wish = model.wishStart[v]!
  const keptStart = model.keptStart[v]!
  const apart = TEMPERATURES_APART * places.temperature
  let limit = Math.min(most, places.least + apart)
  for (let machine = from; machine < to; machine++) {
    const resTime = model.resTime[model.machineRes[machine]!]!
    const home = machine === old.machine
    const hole = home ? state.prevOn(v, machine) : -1
    let before = lastBefore(state, v, machine, bound)
    if (home && before >= 0 && pos[before]! > pos[v]!) before = hole
    let after = nextBut(state, v, machine, before)
    let free = freeAfter(state, machine, before, v)
    let held = heldAfter(model, machine, before)
    /** Behind the hole that v leaves, work has moved up; what that saves is added as it is walked past. */
    let behind = false
    let saved = old.others + old.first - old.own
    for (;;) {
      if (home && !behind && before === hole) {
        behind = true
        saved -= old.first
      }
      const soonest = (free > bound ? free : bound) + dur
      const least = saved + away + price * Math.max(0, soonest - latest)
      if (least > limit && !home) break
      const stays = mode === old.mode && before === old.before
      const setup = setupBetween(model, machine, held, own)
      // As early as can be first, then where it is wished when that is later.
      let keptFrom = least <= limit && !(stays && old.start < 0) ? 0 : -1
      while (keptFrom >= 0) {
        const ready = Math.max(advance(resTime, free, setup), bound, keptFrom)
        const begin = fitStart(time, ready, dur, pausing)
        const ends = endFrom(time, begin, dur, pausing)
        const kept = keptFrom
        keptFrom = kept === 0 && begin < wish ? wish : -1
        if (stays && (begin === old.start || (kept === 0 && state.notBefore[v] === 0))) continue
        let cost = Infinity
        if (ends < NEVER && ends <= ceiling)
          cost =
            saved +
            away +
            weights[0]! * overDeadline(state, v, ends) +
            weights[1]! * ownLateness(state, context, v, ends) +
            weights[2]! * model.wStart * strayed(state, v, begin) +
            weights[3]! * (setup + overtimeIn(state, mode, begin, ends)) +
            (after < 0 ? beyondCost(context, ends) : 0)
        if (after >= 0 && cost <= limit) {
          const left = limit - cost
          cost +=
            home && !behind
              ? shiftCost(state, context, machine, after, ends, own, left, v, old.first)
              : shiftCost(state, context, machine, after, ends, own, left)
        }
        if (cost <= limit && cost < Infinity) {
          addPlace(mode, machine, before, after, begin < keptStart ? kept : Math.max(kept, keptStart), cost)
          limit = Math.min(most, places.least + apart)
        }
      }
      if (after < 0) break
      if (behind) {
        const at = stepOn(state, context, machine, after, free, held)
        saved += at.cost
        free = at.end
      } else free = end[after]!
      held = model.family[after]!
      before = after
      after = nextBut(state, v, machine, before)
    }
  }
}

function addPlace(
  mode: number,
  machine: number,
  before: number,
  after: number,
  keptFrom: number,
  cost: number,
): void {
  const i = places.count++
  places.mode[i] = mode
  places.machine[i] = machine
  places.before[i] = before
  places.after[i] = after
  places.keptFrom[i] = keptFrom
  places.cost[i] = cost
  if (cost < places.least) places.least = cost
}

/** The last task on a machine, v aside, that is over by `bound` or fixed; -1 when there is none. */
function lastBefore(state: State, v: number, machine: number, bound: number): number {
  let u = state.last[machine]!
  while (u >= 0 && (u === v || (state.end[u]! > bound && state.model.fixedEnd[u]! < 0)))
    u = state.prevOn(u, machine)
  return u
}

/** The task behind another, or the first one behind -1, on a machine without v. */
function nextBut(state: State, v: number, machine: number, before: number): number {
  const u = before >= 0 ? state.nextOn(before, machine) : state.first[machine]!
  return u === v ? state.nextOn(v, machine) : u
}

/** One of the places, the likelier the cheaper it is; -1 when there is none. */
export function drawPlace(random: Random): number {
  const { count, cost, least, temperature } = places
  const limit = least + TEMPERATURES_APART * temperature
  let chosen = -1
  let lowest = Infinity
  for (let i = 0; i < count; i++) {
    if (cost[i]! > limit) continue
    const rank = cost[i]! - temperature * logarithmOfChance(random)
    if (rank >= lowest) continue
    lowest = rank
    chosen = i
  }
  return chosen
}

/** The cheapest place; -1 when there is none. */
export function cheapestPlace(): number {
  return places.cost.indexOf(places.least)
}

/** Weighted tardiness of v's job if v ended then; of work that others wait for, as far as it makes the job later than it is. */
function ownLateness(state: State, context: MoveContext, v: number, end: number): number {
  const { model } = state
  const weight = model.jobWeight[model.jobOf[v]!]!
  const late = latenessOf(state, v)
  if (old.placed) return lateChange(state, context, v, end) + late * weight
  return weight * Math.max(0, end - context.latestEnd[v]! - (isLast(state, v) ? 0 : late))
}
