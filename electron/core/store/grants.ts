import type { Op } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import type { SqlRow } from './rows.ts'

const ENDS = new Set(['refused', 'released', 'expired', 'revoked'])

/** Derives which grants and answers stand from the arbiter's facts, whatever order they arrive in. */
export class Grants {
  readonly #answer
  readonly #putAnswer
  readonly #dropGrants
  readonly #addGrant
  readonly #grantsOf
  readonly #isArbiter: () => boolean

  /** @param isArbiter whether grants made here must not overlap; a replica follows its arbiter instead */
  constructor(db: Db, isArbiter: () => boolean) {
    this.#isArbiter = isArbiter
    this.#answer = db.prepare<[string], { term: number; atMs: number; answerId: string; outcome: string }>(
      'SELECT term, atMs, answerId, outcome FROM bookingState WHERE bookingId = ?',
    )
    this.#putAnswer = db.prepare(
      `INSERT OR REPLACE INTO bookingState (bookingId, outcome, reason, alternatives, heldBy, term, atMs, answerId)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#dropGrants = db.prepare('DELETE FROM liveGrant WHERE bookingId = ?')
    this.#addGrant = db.prepare(
      `INSERT OR IGNORE INTO liveGrant (grantId, bookingId, resourceKey, unit, startMs, endMs, fence, term, arbitrated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#grantsOf = db.prepare<[string], SqlRow>('SELECT * FROM resourceGrant WHERE bookingId = ?')
  }

  onFact(op: Op, row: SqlRow): void {
    if (op.table === 'resourceGrant') this.#onGrant(row)
    else if (op.table === 'claimAnswer') this.#onAnswer(row)
  }

  drop(bookingId: string): void {
    this.#dropGrants.run(bookingId)
  }

  #onGrant(row: SqlRow): void {
    const answer = this.#answer.get(String(row['bookingId']))
    if (!answer || !ENDS.has(answer.outcome)) this.#add(row)
  }

  #add(row: SqlRow): void {
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
    if (ENDS.has(outcome)) this.#dropGrants.run(bookingId)
    else for (const grant of this.#grantsOf.all(bookingId)) this.#add(grant)
  }
}
