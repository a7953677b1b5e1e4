import type { Sentence } from '../../../shared/contract/planning.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { validateProblem, type Problem, type ValidationIssue } from '../../../shared/scheduler/index.ts'
import type { Names } from './names.ts'
import { liftedPins, type PinRow } from './pins.ts'
import type { BuiltProblem } from './problem.ts'
import type { BeltSnapshot } from './snapshot.ts'

/** More than this of anything is a slip of the keyboard. */
const MOST_UNITS = 10_000_000
const LONGEST_SESSION_MIN = 24 * 60
const NAMED = 5

interface Slip {
  readonly who: string
  readonly field: string
  readonly value: number
}

const inside = (value: number, low: number, high: number) =>
  Number.isFinite(value) && value >= low && value <= high

/** Numbers that nobody can mean, with whose they are. */
function slips(snapshot: BeltSnapshot): Slip[] {
  const found: Slip[] = []
  const check = (who: string, field: string, value: number, low: number, high: number) => {
    if (!inside(value, low, high)) found.push({ who, field, value })
  }
  for (const order of snapshot.orders) {
    const who = `${order.merchantShort ?? ''} ${order.skuName}`.trim()
    check(who, 'quantity', order.quantity, 1, MOST_UNITS)
    check(who, 'doneQuantity', order.doneQuantity, 0, MOST_UNITS)
    check(who, 'weight', order.weight, 0, 1_000_000)
    for (const step of order.routing)
      if (step.durMin !== undefined) check(who, 'durMin', step.durMin, 1, 10_000)
  }
  for (const session of snapshot.sessions) {
    const who = session.merchantShort || session.title
    if (session.status === 'ended') continue
    check(who, 'durationMin', session.durationMin, 1, LONGEST_SESSION_MIN)
    check(who, 'latestMs', session.latestMs - session.earliestMs, 0, Number.MAX_SAFE_INTEGER)
  }
  for (const line of snapshot.lines) {
    const who = line.shortName || line.name
    for (const rate of Object.values(line.unitsPerHour)) check(who, 'unitsPerHour', rate, 0.01, 1_000_000)
    for (const minutes of line.changeover.matrix.flat()) check(who, 'changeoverMin', minutes, 0, 10_000)
  }
  for (const studio of snapshot.studios) {
    const who = studio.shortName || studio.name
    check(who, 'resetMin', studio.resetMin, 0, 1440)
    check(who, 'makeUpMin', studio.makeUpMin, 0, 1440)
  }
  for (const streamer of snapshot.streamers) {
    const who = streamer.shortName || streamer.name
    check(who, 'maxMinPerDay', streamer.maxMinPerDay, 0, 1440)
    check(who, 'minRestMin', streamer.minRestMin, 0, 10_000)
  }
  return found
}

/** @throws Refusal `plan-invalid` naming whose numbers make no sense, before anything is computed from them */
export function refuseSlips(snapshot: BeltSnapshot): void {
  const [first, ...rest] = slips(snapshot)
  if (!first) return
  throw new Refusal('plan-invalid', {
    problem: 'number',
    culprits: first.who,
    field: first.field,
    value: first.value,
    others: new Set(rest.map((slip) => slip.who)).size,
  })
}

const labelOf = (names: Names) => (id: string) => {
  const bare = id.replace(/^(line|studio|streamer|setup):/, '').replace(/#.*$/, '')
  const [from, to] = bare.split('>')
  return to === undefined
    ? names.task(bare) === bare
      ? names.lane(bare)
      : names.task(bare)
    : `${names.task(from!)} → ${names.task(to)}`
}

/** @throws Refusal `plan-invalid` naming what is wrong with the problem's data */
export function refuseUnsound(problem: Problem, names: Names): void {
  const worst = validateProblem(problem).find((issue) => issue.severity === 'error')
  if (worst) throw new Refusal('plan-invalid', invalidDetails(worst, names))
}

export function invalidDetails(issue: ValidationIssue, names: Names) {
  const culprits = issue.culprits.map(labelOf(names))
  return {
    ...issue.details,
    problem: issue.code,
    culprits: [...new Set(culprits)].slice(0, NAMED).join(' → '),
    others: Math.max(0, culprits.length - NAMED),
  }
}

/** What does not stop planning but should be known: lines, rooms and people that never open, years without holidays, pins that cannot be kept. */
export function noticesOf(
  built: Pick<BuiltProblem, 'problem' | 'missingYears'>,
  pins: readonly PinRow[],
  names: Names,
): Sentence[] {
  const shut = validateProblem(built.problem)
    .filter((issue) => issue.code === 'noOpenTime' && issue.severity === 'warning')
    .map((issue) => names.lane(issue.culprits[0] ?? ''))
  const lifted = liftedPins(pins, built.problem).map(({ taskKey }) => names.task(taskKey))
  const about = (key: string, who: readonly string[]): Sentence[] =>
    who.length > 0 ? [{ key, params: { names: who.slice(0, NAMED).join('、'), count: who.length } }] : []
  return [
    ...about('plan.notice.liftedPins', lifted),
    ...about('plan.notice.neverOpen', shut),
    ...built.missingYears.map((year) => ({ key: 'plan.notice.missingYear', params: { year: String(year) } })),
  ]
}
