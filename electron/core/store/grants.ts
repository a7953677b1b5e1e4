import type { GrantedUnit } from '../../../shared/ops/arbiter.ts'
import { AUTHOR_LENGTH, parseOpId } from '../../../shared/ops/id.ts'
import { FROM_LEASE } from '../../../shared/ops/lease.ts'
import type { Op } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { SqlRow } from './rows.ts'

/** The term of what a holder gave away out of its lease, until the arbiter has answered: below any arbiter's. */
export const UNTOLD = -1

const ENDS = new Set(['refused', 'released', 'expired', 'revoked'])

/** Derives which grants and answers stand from the arbiter's facts, whatever order they arrive in. */
export class Grants {
  readonly #answer
  readonly #putAnswer
  readonly #dropGrants
  readonly #addGrant
  readonly #grantsOf
  readonly #dropSuperseded
  readonly #isSuperseded
  readonly #dropUntoldGrants
  readonly #dropUntoldAnswer
  readonly #isReleased
  readonly #leased
  readonly #holds
  readonly #isArbiter: () => boolean

  /** @param isArbiter whether grants made here must not overlap; a replica follows its arbiter instead */
  constructor(db: Db, isArbiter: () => boolean) {
    this.#isArbiter = isArbiter
    this.#answer = prepared<[string], { term: number; atMs: number; answerId: string; outcome: string }>(
      db,
      'SELECT term, atMs, answerId, outcome FROM bookingState WHERE bookingId = ?',
    )
    this.#putAnswer = prepared(
      db,
      `INSERT OR REPLACE INTO bookingState (bookingId, outcome, reason, alternatives, heldBy, term, atMs, answerId)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#dropGrants = prepared(db, 'DELETE FROM liveGrant WHERE bookingId = ?')
    this.#addGrant = prepared(
      db,
      `INSERT OR IGNORE INTO liveGrant (grantId, bookingId, resourceKey, unit, startMs, endMs, fence, term, arbitrated, leaseId)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#grantsOf = prepared<[string], SqlRow>(db, 'SELECT * FROM resourceGrant WHERE bookingId = ?')
    // Ids begin with the name of whoever granted.
    this.#isSuperseded = prepared<[string, number, string]>(
      db,
      `SELECT 1 FROM resourceGrant WHERE bookingId = ? AND fence > ? AND substr(id, 1, ${AUTHOR_LENGTH}) <> ? LIMIT 1`,
    )
    this.#dropSuperseded = prepared(
      db,
      `DELETE FROM liveGrant WHERE bookingId = ? AND fence < ? AND substr(grantId, 1, ${AUTHOR_LENGTH}) <> ?`,
    )
    this.#dropUntoldGrants = prepared(db, `DELETE FROM liveGrant WHERE bookingId = ? AND term = ${UNTOLD}`)
    this.#dropUntoldAnswer = prepared(db, `DELETE FROM bookingState WHERE bookingId = ? AND term = ${UNTOLD}`)
    this.#isReleased = prepared<[string]>(db, 'SELECT 1 FROM bookingRelease WHERE bookingId = ?')
    this.#leased = prepared<[string], SqlRow>(
      db,
      `SELECT booking.*, slotLease.holder FROM booking JOIN slotLease ON slotLease.id = booking.leaseId WHERE booking.id = ?`,
    )
    this.#holds = prepared<[string]>(db, 'SELECT 1 FROM liveGrant WHERE bookingId = ?')
  }

  /** @param isNew whether this device has just written it, so that what it gives out of its lease must not overlap */
  onFact(op: Op, row: SqlRow, isNew: boolean): void {
    if (op.table === 'resourceGrant') this.#onGrant(row)
    else if (op.table === 'claimAnswer') this.#onAnswer(row)
    else if (op.table === 'booking' && row['leaseId'] !== null) this.#onLeased(op.row, op.author, isNew)
    else if (op.table === 'bookingRelease') this.#onRelease(String(row['bookingId']))
  }

  drop(bookingId: string): void {
    this.#dropGrants.run(bookingId)
    this.#dropUntoldAnswer.run(bookingId)
  }

  /** A release that the hub did not take: what was given out of a lease stands again. */
  releaseWithdrawn(bookingId: string): void {
    if (!this.#leased.get(bookingId) || this.#isReleased.get(bookingId)) return
    const answer = this.#answer.get(bookingId)
    if (!answer || answer.term === UNTOLD)
      this.#onLeased(bookingId, parseOpId(bookingId)?.author ?? '', false)
    else if (!ENDS.has(answer.outcome)) for (const grant of this.#grantsOf.all(bookingId)) this.#add(grant)
  }

  /** The holder of a lease has confirmed a booking out of it: that counts until the arbiter's answer is here. */
  #onLeased(bookingId: string, author: string, isNew: boolean): void {
    const booking = this.#leased.get(bookingId)
    if (booking?.['holder'] !== author || this.#isReleased.get(bookingId)) return
    const answer = this.#answer.get(bookingId)
    if ((answer && answer.term !== UNTOLD) || this.#holds.get(bookingId)) return
    this.#putAnswer.run(bookingId, 'granted', FROM_LEASE, '[]', null, UNTOLD, 0, bookingId)
    const units = (JSON.parse(String(booking['leaseUnits'])) ?? []) as GrantedUnit[]
    for (const [index, { resourceKey, unit, startMs, endMs }] of units.entries())
      this.#addGrant.run(
        `${bookingId}/${index}`,
        bookingId,
        resourceKey,
        unit,
        startMs,
        endMs,
        0,
        UNTOLD,
        isNew ? 1 : 0,
        booking['leaseId'],
      )
  }

  /** The holder may give again at once what it takes back of its lease. */
  #onRelease(bookingId: string): void {
    if (this.#leased.get(bookingId)) this.#dropGrants.run(bookingId)
  }

  #onGrant(row: SqlRow): void {
    this.#dropUntoldGrants.run(row['bookingId'])
    const answer = this.#answer.get(String(row['bookingId']))
    if (!answer || !ENDS.has(answer.outcome)) this.#add(row)
  }

  /** A hub that forgot its grants with a restore may have given the same again before it was told: the later ones stand. */
  #add(row: SqlRow): void {
    const bookingId = String(row['bookingId'])
    const award = [bookingId, Number(row['fence']), String(row['id']).slice(0, AUTHOR_LENGTH)] as const
    this.#dropSuperseded.run(...award)
    if (this.#isSuperseded.get(...award)) return
    if (row['leaseId'] !== null && this.#isReleased.get(bookingId)) return
    this.#addGrant.run(
      row['id'],
      row['bookingId'],
      row['resourceKey'],
      row['unit'],
      row['startMs'],
      row['endMs'],
      row['fence'],
      row['term'],
      this.#isArbiter() ? 1 : 0,
      row['leaseId'],
    )
  }

  #onAnswer(row: SqlRow): void {
    const bookingId = String(row['bookingId'])
    const before = this.#answer.get(bookingId)
    const term = Number(row['term'])
    const atMs = Number(row['atMs'])
    const id = String(row['id'])
    if (before && (before.term - term || before.atMs - atMs || (before.answerId > id ? 1 : -1)) > 0) return
    const outcome = String(row['outcome'])
    this.#putAnswer.run(bookingId, outcome, row['reason'], row['alternatives'], row['heldBy'], term, atMs, id)
    this.#dropUntoldGrants.run(bookingId)
    if (ENDS.has(outcome)) this.#dropGrants.run(bookingId)
    else for (const grant of this.#grantsOf.all(bookingId)) this.#add(grant)
  }
}
