import type { TodayView } from '../../../shared/contract/today.ts'

const HOUR_MS = 3_600_000

/** Where an instant lies between `fromMs` and `toMs`, percent, kept inside. */
export function shareOf(ms: number, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(100, ((ms - fromMs) / (toMs - fromMs)) * 100))
}

export interface HourMark {
  readonly ms: number
  readonly left: number
  readonly isMidnight: boolean
}

/** Every second full hour of the view; hours that would touch the tab of the present are left out. */
export function hourMarks(fromMs: number, toMs: number, nowMs: number, midnightMs: number): HourMark[] {
  const marks: HourMark[] = []
  const first = midnightMs + Math.ceil((fromMs - midnightMs) / HOUR_MS) * HOUR_MS
  for (let ms = first; ms <= toMs; ms += HOUR_MS) {
    const hour = Math.round((ms - midnightMs) / HOUR_MS)
    if (hour % 2 !== 0) continue
    const left = shareOf(ms, fromMs, toMs)
    if (Math.abs(ms - nowMs) < 1.2 * HOUR_MS || left < 2 || left > 98) continue
    marks.push({ ms, left, isMidnight: hour % 24 === 0 })
  }
  return marks
}

type Block = TodayView['studios'][number]['blocks'][number]

/** The state a block shows by shape; a live broadcast is inverted whatever its plan. */
export function blockState(block: Block): 'live' | 'tentative' | 'refused' | 'risk' | 'late' | 'calm' {
  if (block.live) return 'live'
  if (block.record === 'tentative' || block.record === 'refused') return block.record
  if (block.plan === 'late') return 'late'
  return block.plan === 'at-risk' ? 'risk' : 'calm'
}
