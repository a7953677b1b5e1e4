import type { AppState, SyncBar } from '../../../shared/contract/app.ts'
import type { Role } from '../../../shared/contract/define.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { OWN_REFUSED } from '../bookings.ts'

type Person = NonNullable<AppState['person']>

export function personOf(db: Db, personId: string): Person | null {
  const row = prepared<
    [string],
    { id: string; name: string; shortName: string; role: Role; baseId: string | null }
  >(
    db,
    'SELECT id, name, shortName, role, baseId FROM person WHERE id = ? AND active = 1 AND deleted = 0',
  ).get(personId)
  return row ?? null
}

export function peopleOf(db: Db, nowMs: number): AppState['people'] {
  type Row = Omit<AppState['people'][number], 'hasPin'> & { hasPin: number }
  return prepared<[], Row>(
    db,
    `SELECT person.id, person.name, person.shortName, person.role, person.baseId, pinVerifier.personId IS NOT NULL AS hasPin, pinVerifier.waitUntilMs
     FROM person LEFT JOIN pinVerifier ON pinVerifier.personId = person.id
     WHERE person.active = 1 AND person.deleted = 0 ORDER BY person.role, person.createdMs, person.id`,
  )
    .all()
    .map((row) => ({
      ...row,
      hasPin: row.hasPin === 1,
      waitUntilMs: row.waitUntilMs && row.waitUntilMs > nowMs ? row.waitUntilMs : null,
    }))
}

export function basesOf(db: Db): AppState['bases'] {
  return prepared<[], AppState['bases'][number]>(
    db,
    `SELECT id, name, shortName, kind FROM liveBase WHERE deleted = 0 ORDER BY kind = 'rural', createdMs, id`,
  ).all()
}

type Counts = Pick<SyncBar, 'local' | 'pending' | 'confirmed' | 'refused'>

/** How many of this machine's records are in each state; refused counts what still waits for a person. */
export function recordCounts(db: Db): Counts {
  const rows = prepared<[], { state: string; n: number }>(db, 'SELECT state, n FROM opTally').all()
  const of = (state: string) => rows.find((row) => row.state === state)?.n ?? 0
  const refused = prepared<[], { n: number }>(
    db,
    `SELECT (SELECT count(*) FROM bookingState WHERE ${OWN_REFUSED})
       + (SELECT count(*) FROM conflict WHERE settledMs IS NULL AND kind IN ('rejected', 'quarantined')) AS n`,
  ).get()
  return { local: of('local'), pending: of('pending'), confirmed: of('canonical'), refused: refused?.n ?? 0 }
}

export function currentPlanOf(db: Db): SyncBar['plan'] {
  const row = prepared<[], { no: number; publishedMs: number }>(
    db,
    `SELECT planVersion.planNo AS no, planVersion.publishedMs FROM standingPlan JOIN planVersion ON planVersion.id = standingPlan.planId
     ORDER BY planVersion.publishedMs DESC, planVersion.id DESC LIMIT 1`,
  ).get()
  return row ?? null
}
