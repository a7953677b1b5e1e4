import { Refusal } from '../../../../shared/contract/result.ts'
import { everyDay, expandWindows, NO_HOLIDAYS } from '../../../../shared/domain/calendar.ts'
import { DAY_MS } from '../../../../shared/domain/time.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext } from '../../context.ts'

interface StudioHours {
  openMin: number
  closeMin: number
  makeUpMin: number
  resetMin: number
}

/**
 * The studio that a place names, when the place lies ahead and within the studio's hours.
 * @throws Refusal `not-found`, `bad-input` or `slot-closed`
 */
export function openStudio(
  input: { readonly studioId: string; readonly startMs: number; readonly endMs: number },
  { db, belt, nowMs }: Pick<CommandContext, 'db' | 'belt' | 'nowMs'>,
): StudioHours {
  const studio = prepared<[string], StudioHours>(
    db,
    'SELECT openMin, closeMin, makeUpMin, resetMin FROM studio WHERE id = ? AND deleted = 0',
  ).get(input.studioId)
  if (!studio) throw new Refusal('not-found', { table: 'studio', id: input.studioId })
  if (input.endMs <= input.startMs)
    throw new Refusal('bad-input', { field: 'endMs', problem: 'before-start' })
  if (input.startMs < nowMs) throw new Refusal('bad-input', { field: 'startMs', problem: 'past' })
  const open = expandWindows({
    patterns: everyDay(studio.openMin, studio.closeMin),
    fromMs: input.startMs - DAY_MS,
    toMs: input.endMs + DAY_MS,
    timeZone: belt.timeZone,
    calendar: NO_HOLIDAYS,
    keepsHolidays: false,
  }).windows
  if (!open.some(([from, to]) => from <= input.startMs && to >= input.endMs))
    throw new Refusal('slot-closed', { openMin: studio.openMin, closeMin: studio.closeMin })
  return studio
}
