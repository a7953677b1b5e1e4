import { advance, fitStart, NEVER } from './calendar.ts'
import { anchorMachines, insertLine, precedenceBound, setupBetween } from './insert.ts'
import { guideCost } from './cost.ts'
import { allowedRise, pickLine } from './moves.ts'
import type { Move, MoveContext } from './moves.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'
import { countUnwished, LOST, settle, TARDY } from './timing.ts'

/** A place costs this much for every minute that the task ends later there, and that it pushes the next one back. */
const PER_MINUTE = 0.02
const PER_MINUTE_PUSHED = 0.05
/** How often, in percent, a task is offered the places of all its modes and not only of one or two. */
const ALL_MODES_PCT = 25
/** How often, in percent, any place will do: for what the rough cost leaves out. */
const LOOSE_PCT = 10
/** `rebuild` is this much choosier about places than the moves of one task. */
const REBUILD_SLACK = 0.3
/** A forced task goes to the cheapest of so many places. */
const FORCED_PLACES = 20

/**
 * Candidate places of one trial: mode, machine, neighbours and a rough cost each; what costs more than `slack`
 * over the least of them is left out. Reused between trials.
 */
const spots = {
  count: 0,
  least: 0,
  slack: 0,
  oldMode: 0,
  oldBefore: 0,
  mode: [0],
  machine: [0],
  before: [0],
  after: [0],
  cost: [0],
}

/** What a place may seem to cost over the cheapest: as much tardiness as the search would take now. */
const slackOf = ({ allowance, weights }: MoveContext, random: Random): number =>
  random.int(100) < LOOSE_PCT || weights[1] === 0 ? Infinity : allowance / weights[1]!

/** Takes a task out and begins the list of its places; the one it was in stays out of it. */
function takeOut(state: State, v: number, slack: number): void {
  clearSpots(slack, state.mode[v], state.prev[v * state.width])
  state.unlink(v)
}

/** Begins a list; the place behind `oldBefore` in `oldMode` stays out of it. */
function clearSpots(slack: number, oldMode = -1, oldBefore = -1): void {
  spots.count = 0
  spots.oldMode = oldMode
  spots.oldBefore = oldBefore
  spots.least = NEVER
  spots.slack = slack
}

/**
 * Lists the places of an unlinked task on the machines of a mode. A place costs what v is late there and away from
 * where it was wished, what the jobs behind it pay for being pushed back, and a little for every minute it ends later.
 */
function listSpots(state: State, v: number, mode: number, bound: number, context: MoveContext): void {
  const { model, end, start } = state
  const { jobOf, jobWeight, fixedStart } = model
  const [from, to] = anchorMachines(model, mode)
  const own = model.family[v]!
  const dur = model.modeDur[mode]!
  const time = model.modeTime[mode]!
  const pausing = model.pausing[v] === 1
  const weight = jobWeight[jobOf[v]!]!
  const latest = context.latestEnd[v]!
  const wish = model.wishStart[v]!
  const unrest = unrestPrice(context)
  const perShift = unrest * model.wStart
  const away = unrest > 0 ? unrest * model.wRes * countUnwished(model, v, mode) : 0
  for (let machine = from; machine < to; machine++) {
    const resTime = model.resTime[model.machineRes[machine]!]!
    let after = -1
    let before = state.last[machine]!
    let price = 0
    for (;;) {
      const free = before >= 0 ? end[before]! : model.machineFree[machine]!
      const soonest = (free > bound ? free : bound) + dur
      const least = soonest * PER_MINUTE + away + (soonest > latest ? weight * (soonest - latest) : 0)
      const old = mode === spots.oldMode && before === spots.oldBefore
      if (!old && least <= spots.least + spots.slack) {
        const held = before >= 0 ? model.family[before]! : model.machineState[machine]!
        const setup = setupBetween(model, machine, held, own)
        const ready = setup > 0 ? advance(resTime, free, setup) : free
        const begin = fitStart(time, ready > bound ? ready : bound, dur, pausing)
        const ends = begin >= NEVER ? NEVER : pausing ? advance(time, begin, dur) : begin + dur
        let cost = ends * PER_MINUTE + away
        if (ends > latest) cost += weight * (ends - latest)
        if (wish >= 0) cost += perShift * Math.max(0, Math.abs(begin - wish) - model.tolerance)
        if (after >= 0) {
          const leave = setupBetween(model, machine, own, model.family[after]!)
          const push = (leave > 0 ? advance(resTime, ends, leave) : ends) - start[after]!
          if (push > 0) cost += fixedStart[after]! >= 0 ? NEVER : push * (price + PER_MINUTE_PUSHED)
        }
        if (cost < NEVER && cost <= spots.least + spots.slack) {
          const i = spots.count++
          spots.mode[i] = mode
          spots.machine[i] = machine
          spots.before[i] = before
          spots.after[i] = after
          spots.cost[i] = cost
          if (cost < spots.least) spots.least = cost
        }
      }
      if (before < 0 || end[before]! <= bound || model.fixedEnd[before]! >= 0) break
      after = before
      if (end[after]! > context.latestEnd[after]!) price += jobWeight[jobOf[after]!]!
      if (model.wishStart[after]! >= 0 && start[after]! >= model.wishStart[after]!) price += perShift
      before = state.prevOn(before, machine)
    }
  }
}

/** What a minute or a resource away from the wish costs in points of tardiness. */
const unrestPrice = ({ weights }: MoveContext): number => (weights[1] === 0 ? 0 : weights[2]! / weights[1]!)

/** Lists the places of an unlinked task in the mode it is pinned to, or in all its modes. */
function listAllSpots(state: State, v: number, bound: number, context: MoveContext): void {
  const { pinnedMode, modeFrom } = state.model
  const pinned = pinnedMode[v]!
  if (pinned >= 0) return listSpots(state, v, pinned, bound, context)
  for (let mode = modeFrom[v]!; mode < modeFrom[v + 1]!; mode++) listSpots(state, v, mode, bound, context)
}

/** Puts an unlinked task into a listed place. */
function insertAt(state: State, v: number, spot: number): boolean {
  const { mode, machine, before, after } = spots
  return insertLine(state, v, mode[spot]!, machine[spot]!, before[spot]!, after[spot]!)
}

/** One of the places within the slack of the cheapest; -1 when there is none. */
function drawSpot(random: Random): number {
  const limit = spots.least + spots.slack
  let chosen = -1
  let seen = 0
  for (let i = 0; i < spots.count; i++) if (spots.cost[i]! <= limit && random.int(++seen) === 0) chosen = i
  return chosen
}

/** Takes a line task out and puts it into a random promising place. */
export const relocate: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model } = context
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  const allowed = allowedRise(state, v, context)
  const early = Math.max(0, bound - random.int(2) * random.int(720))
  takeOut(state, v, slackOf(context, random))
  const first = model.modeFrom[v]!
  const modes = model.modeFrom[v + 1]! - first
  if (model.pinnedMode[v]! >= 0 || modes === 1 || random.int(100) < ALL_MODES_PCT)
    listAllSpots(state, v, early, context)
  else {
    const pick = random.int(modes)
    listSpots(state, v, first + pick, early, context)
    if (random.int(2) === 0)
      listSpots(state, v, first + ((pick + 1 + random.int(modes - 1)) % modes), early, context)
  }
  const best = drawSpot(random)
  if (best < 0) return false
  return insertAt(state, v, best) && settle(state, allowed)
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
  takeOut(state, v, Infinity)
  listAllSpots(state, v, bound, context)
  let best = -1
  for (let i = 0; i < FORCED_PLACES && spots.count > 0; i++) {
    const spot = random.int(spots.count)
    if (best < 0 || spots.cost[spot]! < spots.cost[best]!) best = spot
  }
  return best >= 0 && insertAt(state, v, best) && settle(state) ? v : -1
}

/** Puts a line task into its cheapest place; false when it has none. */
export function improvePlace(state: State, v: number, context: MoveContext): boolean {
  const { model } = state
  if (model.isAir[v] === 1 || model.fixedStart[v]! >= 0 || state.placed[v] === 0) return true
  state.unlink(v)
  settle(state)
  return placeCheapest(state, v, context)
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
  if (!insertLine(state, v, mode, machine, before, after) || !settle(state, allowed)) return false
  const own = precedenceBound(state, u)
  if (own >= NEVER) return false
  clearSpots(slackOf(context, random))
  const first = model.modeFrom[u]!
  const other =
    model.pinnedMode[u]! >= 0 ? model.pinnedMode[u]! : first + random.int(model.modeFrom[u + 1]! - first)
  listSpots(state, u, other, own, context)
  const best = drawSpot(random)
  if (best < 0) return false
  return insertAt(state, u, best) && settle(state, allowed)
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
  const beyond = state.nextOn(after, machine)
  const mode = state.mode[v]!
  const allowed = allowedRise(state, v, context)
  state.unlink(v)
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
  if (!insertLine(state, v, mode, machine, before, after)) return false
  return settle(state, allowed)
}

/** `rebuild` takes this much out of a line on either side, of up to this many lines beside the first. */
const LONGEST_STRING = 2
const MOST_OTHER_LINES = 3

/** Takes stretches of work out of a line and out of others that could do it instead, and puts all of it back, each in its cheapest place. */
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
  for (const u of chosen) state.unlink(u)
  settle(state)
  const rule = random.int(3)
  if (rule === 0) random.shuffle(chosen)
  else {
    const key = (u: number): number =>
      rule === 1 ? context.latestEnd[u]! : -model.jobWeight[model.jobOf[u]!]!
    chosen.sort((x, y) => key(x) - key(y) || x - y)
  }
  let pending = 0
  for (const u of chosen) pending += latenessCost(state, u, context)
  for (const u of chosen) {
    pending -= latenessCost(state, u, context)
    if (!placeCheapest(state, u, context, random, REBUILD_SLACK * slackOf(context, random))) return false
    if (context.weights[1]! * (state.sums[TARDY]! + state.sums[LOST]!) - pending > limit) return false
  }
  return true
}

/** What the job of v costs for being late. */
function latenessCost(state: State, v: number, { weights }: MoveContext): number {
  const { model } = state
  const job = model.jobOf[v]!
  return weights[1]! * model.jobWeight[job]! * Math.max(0, state.jobEnd[job]! - model.jobDue[job]!)
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

/** Puts an unlinked task into its cheapest place; with chance given, into one that seems `slack` dearer at most. */
function placeCheapest(
  state: State,
  v: number,
  context: MoveContext,
  random: Random | null = null,
  slack = 0,
): boolean {
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  clearSpots(slack)
  listAllSpots(state, v, bound, context)
  // Without slack a place is only listed when it costs no more than those before it: the last is the cheapest.
  const best = random ? drawSpot(random) : spots.count - 1
  if (best < 0) return false
  return insertAt(state, v, best) && settle(state)
}
