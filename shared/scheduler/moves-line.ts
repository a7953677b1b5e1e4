import { NEVER } from './calendar.ts'
import { anchorMachines, insertLine, precedenceBound } from './insert.ts'
import { guideCost } from './cost.ts'
import { HARD, latenessOf, LOST, TARDY } from './figures.ts'
import { allowedRise, pickLine } from './moves.ts'
import type { Move, MoveContext } from './moves.ts'
import { swapCost } from './place-cost.ts'
import { beginPlaces, cheapestPlace, drawPlace, leaveOut, listPlaces, places } from './places.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'

/** How often, in percent, a task is offered the places of all its modes and not only of one or two. */
const ALL_MODES_PCT = 25
/** How often, in percent, any price will do: for what it leaves out. */
const LOOSE_PCT = 10
/** `rebuild` draws places at this share of the temperature: it draws several. */
const REBUILD_CHOICE = 0.3
/** A forced task goes to the cheapest of so many places. */
const FORCED_PLACES = 20

/** What a trial may cost at most to be kept; anything while hard rules are broken, which a price says little of. */
const mostOf = (state: State, context: MoveContext): number =>
  state.sums[HARD]! > 0 ? Infinity : context.allowance

/** Lists the places of a task in the mode it is pinned to, or in all its modes. */
function listAllPlaces(state: State, v: number, bound: number, context: MoveContext, most: number): void {
  const { pinnedMode, modeFrom } = state.model
  const pinned = pinnedMode[v]!
  if (pinned >= 0) return listPlaces(state, v, pinned, bound, context, most)
  for (let mode = modeFrom[v]!; mode < modeFrom[v + 1]!; mode++)
    listPlaces(state, v, mode, bound, context, most)
}

/** Puts an unlinked task into a listed place. */
function insertAt(state: State, v: number, place: number): boolean {
  const { mode, machine, before, after, keptFrom } = places
  state.keepFrom(v, keptFrom[place]!)
  return insertLine(state, v, mode[place]!, machine[place]!, before[place]!, after[place]!)
}

/** Takes a line task out and puts it into a place that seems worth it. */
export const relocate: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model } = context
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  const early = Math.max(0, bound - random.int(2) * random.int(720))
  const most = random.int(100) < LOOSE_PCT ? Infinity : mostOf(state, context)
  beginPlaces(state, v, context, context.temperature)
  const first = model.modeFrom[v]!
  const modes = model.modeFrom[v + 1]! - first
  if (model.pinnedMode[v]! >= 0 || modes === 1 || random.int(100) < ALL_MODES_PCT)
    listAllPlaces(state, v, early, context, most)
  else {
    const pick = random.int(modes)
    listPlaces(state, v, first + pick, early, context, most)
    if (random.int(2) === 0)
      listPlaces(state, v, first + ((pick + 1 + random.int(modes - 1)) % modes), early, context, most)
  }
  const place = drawPlace(random)
  if (place < 0) return false
  const allowed = allowedRise(state, v, context)
  state.unlink(v)
  return insertAt(state, v, place) && settle(state, allowed)
}

/**
 * Forces a line task out of its place into the cheapest of some others, whatever that costs.
 *
 * @returns the task; -1 when there is none, the state then possibly half changed
 */
export function forceAway(state: State, random: Random, context: MoveContext): number {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return -1
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return -1
  beginPlaces(state, v, context, Infinity)
  listAllPlaces(state, v, bound, context, Infinity)
  if (places.count === 0) return -1
  let best = random.int(places.count)
  for (let i = 1; i < FORCED_PLACES; i++) {
    const other = random.int(places.count)
    if (places.cost[other]! < places.cost[best]!) best = other
  }
  state.unlink(v)
  return insertAt(state, v, best) && settle(state) ? v : -1
}

/** Puts a line task into its cheapest place; false when it has none. */
export function improvePlace(state: State, v: number, context: MoveContext): boolean {
  const { model } = state
  if (model.isAir[v] === 1 || model.fixedStart[v]! >= 0 || state.placed[v] === 0) return true
  state.unlink(v)
  settle(state)
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  beginPlaces(state, v, context, 0)
  listAllPlaces(state, v, bound, context, Infinity)
  const place = cheapestPlace()
  return place >= 0 && insertAt(state, v, place) && settle(state)
}

/** Puts a line task into the place of another, which then takes the cheapest of some places of its own. */
export const displace: Move = (state, random, context) => {
  const { model } = state
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const pinned = model.pinnedMode[v]!
  const modes = model.modeFrom[v + 1]! - model.modeFrom[v]!
  const mode = pinned >= 0 ? pinned : model.modeFrom[v]! + random.int(modes)
  const [from, to] = anchorMachines(model, mode)
  if (from === to) return false
  const machine = from + random.int(to - from)
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  let u = -1
  let seen = 0
  for (let w = state.last[machine]!; w >= 0 && state.end[w]! > bound; w = state.prevOn(w, machine))
    if (w !== v && model.fixedStart[w]! < 0 && context.forced[w] === 0 && random.int(++seen) === 0) u = w
  if (u < 0) return false
  const allowed = allowedRise(state, v, context) + allowedRise(state, u, context)
  state.unlink(v)
  const before = state.prevOn(u, machine)
  const after = state.nextOn(u, machine)
  state.unlink(u)
  state.keepFrom(v, model.keptStart[v]!)
  if (!insertLine(state, v, mode, machine, before, after) || !settle(state, allowed)) return false
  const own = precedenceBound(state, u)
  if (own >= NEVER) return false
  const first = model.modeFrom[u]!
  const other =
    model.pinnedMode[u]! >= 0 ? model.pinnedMode[u]! : first + random.int(model.modeFrom[u + 1]! - first)
  beginPlaces(state, u, context, context.temperature)
  listPlaces(state, u, other, own, context, Infinity)
  const place = drawPlace(random)
  return place >= 0 && insertAt(state, u, place) && settle(state, allowed)
}

/** Swaps a line task with its successor on a machine. */
export const swapNext: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model, width } = state
  const entry = v * width
  const machine = state.machine[entry]!
  if (machine < 0) return false
  const after = state.next[entry]!
  if (after < 0 || model.fixedStart[after]! >= 0) return false
  if (swapCost(state, context, v, machine) > mostOf(state, context)) return false
  const beyond = state.nextOn(after, machine)
  const mode = state.mode[v]!
  const keptFrom = state.notBefore[v]!
  const allowed = allowedRise(state, v, context)
  state.unlink(v)
  state.keepFrom(v, keptFrom)
  if (!insertLine(state, v, mode, machine, after, beyond)) return false
  return settle(state, allowed)
}

/** Puts a line task next to another of its own family on the same machine or an allowed one. */
export const joinFamily: Move = (state, random, context) => {
  const { model, width } = state
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0 || model.family[v]! < 0) return false
  const pinned = model.pinnedMode[v]!
  const modes = model.modeFrom[v + 1]! - model.modeFrom[v]!
  const mode = pinned >= 0 ? pinned : model.modeFrom[v]! + random.int(modes)
  const at = model.needFrom[mode]!
  if (at === model.needFrom[mode + 1]!) return false
  const machine = model.machineFrom[model.needRes[at]!]!
  if (model.machineSetup[machine]! < 0) return false
  const mates: number[] = []
  for (let u = state.first[machine]!; u >= 0; u = state.nextOn(u, machine))
    if (u !== v && model.family[u] === model.family[v] && model.fixedStart[u]! < 0) mates.push(u)
  if (mates.length === 0) return false
  const mate = mates[random.int(mates.length)]!
  const entry = v * width
  if (state.machine[entry] === machine && (state.prev[entry] === mate || state.next[entry] === mate))
    return false
  const allowed = allowedRise(state, v, context)
  state.unlink(v)
  const after = random.int(2) === 0 ? state.nextOn(mate, machine) : mate
  const before = after === mate ? state.prevOn(mate, machine) : mate
  state.keepFrom(v, model.keptStart[v]!)
  if (!insertLine(state, v, mode, machine, before, after)) return false
  return settle(state, allowed)
}

/** `rebuild` takes this much out of a line on either side, of up to this many lines beside the first. */
const LONGEST_STRING = 2
const MOST_OTHER_LINES = 3

/**
 * Takes stretches of work out of a line and out of others that could do it instead, and puts all of it back, each
 * into one of its cheapest places: ruin and recreate with adjacent strings (Christiaens and Vanden Berghe 2020).
 */
export const rebuild: Move = (state, random, context) => {
  const { model } = context
  const seed = pickLine(state, random, context)
  if (seed < 0 || state.placed[seed] === 0) return false
  const at = state.start[seed]!
  const limit = guideCost(state, context.weights, -Infinity) + context.allowance
  const chosen: number[] = []
  takeString(state, random, context, seed, state.machine[seed * state.width]!, chosen)
  const others = 1 + random.int(MOST_OTHER_LINES)
  for (let k = 0; k < others; k++) {
    const first = model.modeFrom[seed]!
    const mode = first + random.int(model.modeFrom[seed + 1]! - first)
    const [from, to] = anchorMachines(model, mode)
    if (from === to) continue
    const machine = from + random.int(to - from)
    let u = state.last[machine]!
    while (u >= 0 && state.start[u]! > at) u = state.prevOn(u, machine)
    if (u < 0) u = state.first[machine]!
    if (u >= 0) takeString(state, random, context, u, machine, chosen)
  }
  const rule = random.int(3)
  if (rule === 0) random.shuffle(chosen)
  else {
    const key = (u: number): number =>
      rule === 1 ? context.latestEnd[u]! : -model.jobWeight[model.jobOf[u]!]!
    chosen.sort((x, y) => key(x) - key(y) || x - y)
  }
  const [first] = chosen
  if (first === undefined) return false
  const oldMode = state.mode[first]!
  const machine = state.machine[first * state.width]!
  let oldBefore = state.prev[first * state.width]!
  while (oldBefore >= 0 && chosen.includes(oldBefore)) oldBefore = state.prevOn(oldBefore, machine)
  for (const u of chosen) state.unlink(u)
  settle(state)
  let pending = 0
  for (const u of chosen) pending += latenessCost(state, u, context)
  for (const u of chosen) {
    const left = limit + pending - context.weights[1]! * (state.sums[TARDY]! + state.sums[LOST]!)
    if (left < 0) return false
    pending -= latenessCost(state, u, context)
    const bound = precedenceBound(state, u)
    if (bound >= NEVER) return false
    beginPlaces(state, u, context, REBUILD_CHOICE * context.temperature)
    if (u === first) leaveOut(oldMode, oldBefore)
    listAllPlaces(state, u, bound, context, left)
    const place = drawPlace(random)
    if (place < 0 || !insertAt(state, u, place) || !settle(state)) return false
  }
  return true
}

/** What the job of v costs for being late. */
function latenessCost(state: State, v: number, { weights }: MoveContext): number {
  const { model } = state
  return weights[1]! * model.jobWeight[model.jobOf[v]!]! * latenessOf(state, v)
}

/** Adds a stretch of neighbours on a machine around u. */
function takeString(
  state: State,
  random: Random,
  { model, forced }: MoveContext,
  u: number,
  machine: number,
  chosen: number[],
): void {
  if (machine < 0) return
  let v = u
  for (let back = random.int(LONGEST_STRING); back > 0; back--) {
    const before = state.prevOn(v, machine)
    if (before < 0 || model.fixedStart[before]! >= 0) break
    v = before
  }
  for (let left = 1 + random.int(LONGEST_STRING); left > 0 && v >= 0; left--) {
    if (model.fixedStart[v]! >= 0) break
    if (!chosen.includes(v) && forced[v] === 0) chosen.push(v)
    v = state.nextOn(v, machine)
  }
}
