import type { Matter } from '../../../../shared/contract/today.ts'
import type { RefusedStep } from '../../../../shared/contract/sync-centre.ts'
import { DAY_MS } from '../../../../shared/domain/time.ts'
import type { QueryContext } from '../../context.ts'
import { arrivedBookings, refusedSteps } from '../../news.ts'
import type { Colleague } from './repo.ts'

/** The newest are shown; all of them are in the sync centre. */
const MOST_STEPS = 3

export const shownOwner = (person: Colleague | null, actor: QueryContext['actor']): Matter['owner'] =>
  person && {
    name: person.name,
    shortName: person.shortName,
    role: person.role,
    mine: person.id === actor.personId,
  }

/** What became of this device's own requests and steps since: told once, until a person has taken note. */
export function noticeMatters(
  ctx: QueryContext,
  isHere: (baseId: string) => boolean,
  people: readonly Colleague[],
): Matter[] {
  const ownerOf = (personId: string | null): Matter['owner'] =>
    shownOwner(people.find(({ id }) => id === personId) ?? null, ctx.actor)
  const arrived = arrivedBookings(ctx.db, ctx.nowMs)
    .filter(({ baseId }) => isHere(baseId))
    .map((booking): Matter => ({
      id: `arrived:${booking.id}`,
      kind: 'arrived',
      title: {
        key: 'say.matter.arrived',
        params: { merchant: booking.label, studio: booking.studioName, startMs: booking.startMs },
      },
      note: { key: 'say.matter.arrivedNote', params: { answeredMs: booking.answeredMs } },
      dueMs: booking.startMs,
      owner: ownerOf(booking.personId),
      action: {
        key: 'say.action.openStudio',
        target: { screen: 'studio-calendar', id: booking.bookingId, atMs: booking.startMs },
        primary: false,
      },
      settleId: booking.id,
    }))
  const refused = refusedSteps(ctx.db).filter(({ kind }) => kind === 'rejected')
  return [
    ...arrived,
    ...refused.slice(0, MOST_STEPS).map((step) => refusedMatter(step, ownerOf(step.personId))),
  ]
}

/** A step that the hub, or an administrator there, did not take. A refused request for a room says which room and when. */
function refusedMatter(step: RefusedStep, owner: Matter['owner']): Matter {
  const { place } = step
  return {
    id: `step:${step.id}`,
    kind: 'refused',
    title: place
      ? {
          key: 'say.matter.refused',
          params: { merchant: step.label, studio: place.studioName, startMs: place.startMs },
        }
      : {
          key: 'say.matter.refusedStep',
          params: { what: step.what, table: step.table, name: step.label },
        },
    note: { key: 'say.matter.refusedStepNote', params: { askedMs: step.askedMs, verdict: step.reason } },
    dueMs: place?.startMs ?? step.askedMs + DAY_MS,
    owner,
    action: place
      ? {
          key: 'say.action.openStudio',
          target: { screen: 'studio-calendar', id: step.row, atMs: place.startMs },
          primary: false,
        }
      : { key: 'say.action.openSync', target: { screen: 'sync', id: step.id }, primary: false },
    settleId: step.id,
  }
}
