import {
  everyDay,
  expandWindows,
  mergeWindows,
  subtractWindows,
  type Window,
} from '../../../shared/domain/calendar.ts'
import { MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Calendar, Resource, SetupTable } from '../../../shared/scheduler/problem.ts'
import { closedAt, type Frame } from './problem-frame.ts'
import type { BeltSnapshot, LineRow } from './snapshot.ts'

export interface ResourcePart {
  readonly resources: Resource[]
  readonly calendars: Calendar[]
  readonly setups: SetupTable[]
  /** Years without known holidays that the lines' shifts ran into. */
  readonly missingYears: readonly number[]
}

/** Lines, benches, studios and streamers with the time they can be used. */
export function resourcesOf(snapshot: BeltSnapshot, frame: Frame): ResourcePart {
  const { timeZone, epochMs, endMs, horizonMin, toMin, ceilMin } = frame
  const resources: Resource[] = []
  const calendars: Calendar[] = []
  const setups: SetupTable[] = []
  const missing = new Set<number>()
  const plannedSessions = new Set(snapshot.sessions.map((session) => session.id))

  function addCalendar(id: string, windows: readonly Window[]): string {
    calendars.push({
      id,
      open: windows
        .map(([from, to]) => [Math.max(0, ceilMin(from)), Math.min(horizonMin, toMin(to))] as const)
        .filter(([from, to]) => to > from),
    })
    return id
  }

  /** Grants of bookings that this problem does not place again, widened by the room's own make-up and reset around them. */
  function takenBy(resourceKey: string, leadMin = 0, resetMin = 0): Window[] {
    return mergeWindows(
      snapshot.grants
        .filter(
          (grant) =>
            grant.resourceKey === resourceKey &&
            (grant.sessionId === null || !plannedSessions.has(grant.sessionId)),
        )
        .map((grant) => [grant.startMs - resetMin * MINUTE_MS, grant.endMs + leadMin * MINUTE_MS] as const),
    )
  }

  for (const line of snapshot.lines) resources.push(lineResource(line))
  for (const studio of snapshot.studios) {
    const open = expandWindows({
      patterns: everyDay(studio.openMin, studio.closeMin),
      fromMs: epochMs,
      toMs: endMs,
      timeZone,
      calendar: snapshot.calendar,
      keepsHolidays: false,
    })
    resources.push({
      id: studio.id,
      kind: 'studio',
      site: studio.baseId,
      calendar: addCalendar(
        `studio:${studio.id}`,
        subtractWindows(
          open.windows,
          mergeWindows([
            ...takenBy(`studio:${studio.id}`, studio.makeUpMin, studio.resetMin),
            ...closedAt(snapshot, studio.id, endMs),
          ]),
        ),
      ),
      leadMin: studio.makeUpMin,
      turnaroundMin: studio.resetMin,
    })
  }
  // A streamer may be sent to any room, so the longest make-up counts.
  const makeUpMin = Math.max(0, ...snapshot.studios.map((studio) => studio.makeUpMin))
  for (const streamer of snapshot.streamers) {
    const open = expandWindows({
      patterns: streamer.weekly,
      fromMs: epochMs,
      toMs: endMs,
      timeZone,
      calendar: snapshot.calendar,
      keepsHolidays: false,
    })
    resources.push({
      id: streamer.id,
      kind: 'streamer',
      site: streamer.baseId ?? undefined,
      calendar: addCalendar(
        `streamer:${streamer.id}`,
        subtractWindows(
          open.windows,
          mergeWindows([
            ...takenBy(`streamer:${streamer.id}`, makeUpMin, 0),
            ...closedAt(snapshot, streamer.id, endMs),
          ]),
        ),
      ),
      skills: streamer.families,
      leadMin: makeUpMin,
      maxMinPerDay: streamer.maxMinPerDay,
      minRestMin: streamer.minRestMin,
      maxConsecutiveMin: streamer.maxStretchMin,
    })
  }

  return { resources, calendars, setups, missingYears: [...missing] }

  function lineResource(line: LineRow): Resource {
    const closed: Window[] = line.downFromMs === null ? [] : [[line.downFromMs, line.downUntilMs ?? endMs]]
    const expansion = expandWindows({
      patterns: line.shifts,
      fromMs: epochMs,
      toMs: endMs,
      timeZone,
      calendar: snapshot.calendar,
      keepsHolidays: true,
      closed,
    })
    for (const year of expansion.missingYears) missing.add(year)
    const hasSetup = line.changeover.families.length > 0
    if (hasSetup)
      setups.push({
        id: `setup:${line.id}`,
        by: 'family',
        families: line.changeover.families,
        matrix: line.changeover.matrix,
      })
    const initial =
      line.initialFamily !== null && line.changeover.families.includes(line.initialFamily)
        ? line.initialFamily
        : null
    return {
      id: line.id,
      kind: line.kind === 'qc' ? 'bench' : 'line',
      site: line.factoryId,
      calendar: addCalendar(`line:${line.id}`, mergeWindows([...expansion.windows, ...(line.extra ?? [])])),
      setup: hasSetup ? `setup:${line.id}` : null,
      initialState: initial,
    }
  }
}
