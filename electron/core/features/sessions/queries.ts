import { Refusal } from '../../../../shared/contract/result.ts'
import type { SessionDetail, sessionContract } from '../../../../shared/contract/session.ts'
import { CHECKLIST_ITEMS } from '../../../../shared/domain/rules/pre-live.ts'
import { blocking, evaluatePreLive, type Finding } from '../../../../shared/domain/rules/evaluate.ts'
import type { Db } from '../../../sqlite/open.ts'
import type { QueryHandlers } from '../../context.ts'
import { checklistOf, readPreLiveFacts, reviewHashes } from './facts.ts'
import {
  bookingOf,
  dropoutsOf,
  getSession,
  listSessions,
  promisableUnits,
  reviewsOf,
  sessionSkus,
  soldBy,
} from './repo.ts'

/** What every rule says about a session now; empty for one that does not exist. */
export function sessionFindings(db: Db, sessionId: string, nowMs: number): Finding[] {
  const facts = readPreLiveFacts(db, sessionId)
  return facts === null ? [] : evaluatePreLive(facts, nowMs)
}

/** How a session sells: units sold and units that can still be promised. */
export const sessionSales = (db: Db, sessionId: string): SessionDetail['sold'] => soldBy(db, sessionId)
export const stillPromisable = (db: Db, sessionId: string): number => promisableUnits(db, sessionId)

export const sessionQueries: QueryHandlers<typeof sessionContract> = {
  'session/list': (input, { db }) => listSessions(db, input),
  'session/get': ({ sessionId }, { db, nowMs }) => {
    const session = getSession(db, sessionId)
    if (!session) throw new Refusal('not-found', { table: 'liveSession', id: sessionId })
    const findings = sessionFindings(db, sessionId, nowMs)
    const marks = checklistOf(db, sessionId)
    const hashes = reviewHashes(db, sessionId)
    return {
      ...session,
      booking: bookingOf(db, sessionId),
      skus: sessionSkus(db, sessionId),
      findings,
      canStart: blocking(findings).length === 0,
      checklist: CHECKLIST_ITEMS.map((item) => ({
        item,
        done: marks.get(item)?.done ?? false,
        atMs: marks.get(item)?.atMs ?? null,
      })),
      reviews: reviewsOf(db, sessionId).map(({ skuListHash, scriptHash, ...review }) => ({
        ...review,
        current: skuListHash === hashes.skuListHash && scriptHash === hashes.scriptHash,
      })),
      dropouts: dropoutsOf(db, sessionId),
      sold: soldBy(db, sessionId),
    }
  },
}
