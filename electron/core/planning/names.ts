import type { Sentence } from '../../../shared/contract/planning.ts'
import { MINUTE_MS, formatLocalStamp } from '../../../shared/domain/time.ts'
import type { Explanation, Problem } from '../../../shared/scheduler/problem.ts'
import { parseTaskKey } from './items.ts'
import type { BeltSnapshot } from './snapshot.ts'

/** Figures of the engine's explanations that are instants (minutes from the epoch) rather than durations. */
const INSTANTS = new Set([
  'endMin',
  'dueMin',
  'untilMin',
  'startMin',
  'readyMin',
  'lastStartMin',
  'fromMin',
  'toMin',
  'hardDueMin',
])

export interface Names {
  /** What a person calls a task or a job. */
  task(key: string): string
  lane(id: string): string
  /** An engine's explanation with names instead of ids and clock times instead of minutes. */
  sentence(explanation: Explanation): Sentence
}

/** Names for everything a problem mentions. Unknown ids stay as they are. */
export function namesOf(
  snapshot: Pick<BeltSnapshot, 'lines' | 'studios' | 'streamers' | 'orders' | 'sessions' | 'timeZone'>,
  problem: Pick<Problem, 'epoch'>,
): Names {
  const lanes = new Map(
    [...snapshot.lines, ...snapshot.studios, ...snapshot.streamers].map((row) => [
      row.id,
      row.shortName || row.name,
    ]),
  )
  const orders = new Map(snapshot.orders.map((order) => [order.id, order]))
  const sessions = new Map(snapshot.sessions.map((session) => [session.id, session]))
  const epochMs = Date.parse(problem.epoch)

  function task(key: string): string {
    const name = parseTaskKey(key)
    const orderId = name?.subject === 'order' ? name.id : key.startsWith('order:') ? key.slice(6) : null
    if (orderId !== null) {
      const order = orders.get(orderId)
      return order ? `${order.merchantShort} ${order.skuName}`.trim() : key
    }
    const session = name ? sessions.get(name.id) : undefined
    return session ? session.merchantShort || session.title : key
  }

  const lane = (id: string) => lanes.get(id) ?? id
  const stamp = (minute: number) =>
    formatLocalStamp(epochMs + minute * MINUTE_MS, snapshot.timeZone).slice(5, 16)

  function word(name: string, value: string | number | readonly string[]): string | number {
    if (typeof value === 'number') return INSTANTS.has(name) ? stamp(value) : value
    if (typeof value !== 'string') return value.map((item) => lane(item)).join('、')
    return parseTaskKey(value) || value.startsWith('order:') || value.startsWith('session:')
      ? task(value)
      : lane(value)
  }

  return {
    task,
    lane,
    sentence: ({ key, params }) => ({
      key,
      params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, word(name, value)])),
    }),
  }
}
