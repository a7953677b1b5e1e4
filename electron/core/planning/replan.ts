import type { Sentence } from '../../../shared/contract/planning.ts'
import type { PlanEventState } from '../../../shared/contract/replanning.ts'
import { personOf } from '../people/state.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Actor } from '../context.ts'
import type { Services } from '../services.ts'
import { isOutdated, planFor, standingPlans } from './basis.ts'
import { detectEvents } from './detect.ts'
import { readEvents, type RecordedEvent } from './events.ts'
import { mendFor, type Mended } from './mend.ts'
import { readPlanningPolicy } from './policy.ts'
import { storeProposal } from './proposals.ts'
import { planScopeOf, publishProposal } from './publish.ts'
import { currentPlanId } from './repo.ts'

/** Many rows may arrive together: they are looked at once. */
const GATHER_MS = 20
const DETECT_MS = 400
/** While a person's own solve runs, events wait. */
const RETRY_MS = 500

/** Another plan, or a line, room or person that is back. */
const RECONSIDERED_AT = ['currentPlan', 'closure', 'productionLine']
const DETECTED_IN = ['productionOrder', 'orderLine', 'orderState', 'gateVerdict']

interface Watch {
  timer: NodeJS.Timeout | null
  detecting: NodeJS.Timeout | null
  running: boolean
  sinceMs: number
  /** The plan or what closed things changed: answers that wait may be out of date. */
  reconsider: boolean
}

const watches = new WeakMap<Services, Watch>()

const watchOf = (services: Services): Watch => {
  let watch = watches.get(services)
  if (!watch) {
    watch = { timer: null, detecting: null, running: false, sinceMs: 0, reconsider: false }
    watches.set(services, watch)
  }
  return watch
}

/** Called after every commit with the tables that changed: an event the plan did not foresee is answered at once. */
export function watchPlan(services: Services, topics: readonly string[]): void {
  const watch = watchOf(services)
  if (topics.includes('planEvent')) {
    watch.sinceMs ||= services.clock()
    soon(services, GATHER_MS)
  } else if (topics.some((topic) => RECONSIDERED_AT.includes(topic))) {
    watch.reconsider = true
    soon(services, GATHER_MS)
  }
  if (topics.some((topic) => DETECTED_IN.includes(topic)))
    watch.detecting ??= setTimeout(() => {
      watch.detecting = null
      whileOpen(services, () => void detectEvents(services))
    }, DETECT_MS).unref()
}

/** What the program was working out when it ended is worked out again when the belt is next opened. */
export async function resumeReplan(services: Services): Promise<void> {
  const { store } = services.belt()
  store.transact(() => prepared(store.db, `DELETE FROM replan WHERE state = 'working'`).run())
  soon(services, GATHER_MS)
  return Promise.resolve()
}

function soon(services: Services, delayMs: number): void {
  const watch = watchOf(services)
  watch.timer ??= setTimeout(() => {
    watch.timer = null
    void run(services)
  }, delayMs).unref()
}

function whileOpen(services: Services, work: () => void): void {
  if (!services.openBelt()) return
  try {
    work()
  } catch (error) {
    services.log.error('looking for changes that break the plan failed', { error: String(error) })
  }
}

async function run(services: Services): Promise<void> {
  const watch = watchOf(services)
  if (watch.running || services.jobs('plan').length > 0) return soon(services, RETRY_MS)
  if (!services.openBelt()) return
  watch.running = true
  const { reconsider, sinceMs } = watch
  watch.reconsider = false
  watch.sinceMs = 0
  try {
    await answerEvents(services, { sinceMs: sinceMs || services.clock(), reconsider })
  } catch (error) {
    services.log.error('an event could not be answered', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  } finally {
    watch.running = false
  }
}

interface Answer {
  readonly proposalId?: string | null
  /** The plan that answers it; without one, the plan that stands for it. */
  readonly planId?: string | null
  readonly previousPlanId?: string | null
  readonly moved?: number
  readonly held?: Sentence | null
  readonly elapsedMs?: number | null
}

type Recorder = (state: PlanEventState, answer?: Answer) => void

function note(
  db: Db,
  events: readonly RecordedEvent[],
  state: PlanEventState,
  answer: Answer,
  atMs: number,
): void {
  const plans = standingPlans(db)
  const put = prepared(
    db,
    `INSERT OR REPLACE INTO replan (eventId, state, proposalId, planId, previousPlanId, moved, held, elapsedMs, atMs)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  for (const event of events)
    put.run(
      event.id,
      state,
      answer.proposalId ?? null,
      answer.planId ?? planFor(plans, event.scope)?.planId ?? null,
      answer.previousPlanId ?? null,
      answer.moved ?? 0,
      JSON.stringify(answer.held ?? null),
      answer.elapsedMs ?? null,
      atMs,
    )
}

/** A person acts through the device: what an event sets off is done in the name of whoever reported it. */
function actorFor(db: Db, event: RecordedEvent): Actor {
  const person = event.personId === null ? null : personOf(db, event.personId)
  return {
    connectionId: '',
    personId: person?.id ?? null,
    role: person?.role ?? null,
    baseId: person?.baseId ?? null,
  }
}

interface AnswerOptions {
  /** When the change was noticed, wall clock. */
  readonly sinceMs?: number
  /** Also what a person has turned down. */
  readonly again?: boolean
  /** Also what waits for a person. */
  readonly reconsider?: boolean
}

/** What needs an answer, newest first; nothing when all of it waits for a person already. */
function unanswered(db: Db, nowMs: number, { again, reconsider }: AnswerOptions): RecordedEvent[] {
  const all = readEvents(db, nowMs)
  const fresh = all.filter(
    ({ state, turnedDown }) =>
      (state === 'open' && (again === true || !turnedDown)) || (state === 'failed' && again === true),
  )
  // An answer that waits is worked out anew, so that one proposal fits everything.
  const waiting = all.filter((event) => event.state === 'proposed')
  if (fresh.length === 0 && (!reconsider || waiting.length === 0)) return []
  return [...fresh, ...waiting].sort((a, b) => b.atMs - a.atMs)
}

/** Works out one answer to everything unanswered. @returns its proposal; null when the plan still fits or was mended by itself */
export async function answerEvents(services: Services, options: AnswerOptions = {}): Promise<string | null> {
  const sinceMs = options.sinceMs ?? services.clock()
  const belt = services.openBelt()
  if (!belt) return null
  const { db } = belt.store
  if (standingPlans(db).length === 0) return null
  const events = unanswered(db, belt.nowMs(), options)
  if (events.length === 0) return null
  const record: Recorder = (state, answer = {}) => {
    if (services.openBelt() !== belt) return
    belt.store.transact(() => note(db, events, state, answer, belt.nowMs()))
    services.emit({ kind: 'changed', topics: ['plan', 'replan'] })
  }
  const stale = new Set(
    events.flatMap((event) => (event.state === 'proposed' ? (event.proposalId ?? []) : [])),
  )
  record('working')
  try {
    const actor = actorFor(db, events[0]!)
    const mended = await mendFor(services, actor, events)
    if (services.openBelt() !== belt) return null
    belt.store.transact(() => {
      for (const id of stale)
        prepared(db, 'DELETE FROM proposal WHERE id = ? AND publishedAs IS NULL').run(id)
    })
    if (!isOutdated(db, mended.made.basis, planScopeOf({ actor, db })))
      return settle(services, actor, events, mended, sinceMs, record)
    record('open')
  } catch (error) {
    record('failed')
    throw error
  }
  // Somebody published meanwhile: what was worked out mends a plan that is no more.
  return answerEvents(services, { ...options, sinceMs })
}

/** Puts a mended plan where the policy wants it: before a person, or in the place of the plan that stands. */
function settle(
  services: Services,
  actor: Actor,
  events: readonly RecordedEvent[],
  mended: Mended,
  sinceMs: number,
  record: Recorder,
): string | null {
  const { db, author } = services.belt().store
  const elapsedMs = services.clock() - sinceMs
  const { moved } = mended
  const previousPlanId = currentPlanId(db, planScopeOf({ actor, db }))
  if (moved + mended.added + mended.dropped === 0) {
    record('fits', { elapsedMs })
    return null
  }
  const proposalId = storeProposal(services, actor, mended.made)
  const policy = readPlanningPolicy(db)
  const held = policy.replanMode === 'apply' ? heldBecause(mended, policy, events, author) : null
  if (policy.replanMode === 'suggest' || held !== null) {
    record('proposed', { proposalId, moved, held, elapsedMs })
    return proposalId
  }
  const { planId } = services.transact(actor, (ctx) => {
    const published = publishProposal(ctx, proposalId, '')
    record('applied', { proposalId, planId: published.planId, previousPlanId, moved, elapsedMs })
    return published
  })
  services.log.info('the plan was mended by policy', { planId, moved })
  return null
}

/** Why a change needs a person although the policy lets the machine act. */
function heldBecause(
  mended: Mended,
  policy: ReturnType<typeof readPlanningPolicy>,
  events: readonly RecordedEvent[],
  author: string,
): Sentence | null {
  if (events.some((event) => !event.id.startsWith(author))) return { key: 'plan.held.elsewhere', params: {} }
  if (mended.moved > policy.autoMaxMoved)
    return { key: 'plan.held.moved', params: { moved: mended.moved, most: policy.autoMaxMoved } }
  if (mended.dropped > 0) return { key: 'plan.held.dropped', params: { count: mended.dropped } }
  if (mended.lifted > 0) return { key: 'plan.held.pinned', params: { count: mended.lifted } }
  if (mended.movesBroadcast && !policy.autoBroadcasts) return { key: 'plan.held.broadcasts', params: {} }
  if ((mended.made.effects ?? []).length > 0) return { key: 'plan.held.quantity', params: {} }
  return null
}
