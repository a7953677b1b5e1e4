/** Instants are epoch milliseconds; every function that meets a wall clock is told the zone. */

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
export const MINUTES_PER_DAY = 1440

/** A natural day of the belt's zone, `YYYY-MM-DD`: sorts as text. */
export type DayKey = string

/** Zones without daylight saving today, minutes east of Greenwich. China has kept one offset since 1991-09-15. */
const FIXED_ZONES: Readonly<Record<string, number>> = {
  UTC: 0,
  'Asia/Shanghai': 480,
  'Asia/Chongqing': 480,
  'Asia/Hong_Kong': 480,
  'Asia/Macau': 480,
  'Asia/Taipei': 480,
  'Asia/Urumqi': 360,
  'Asia/Singapore': 480,
  'Asia/Bangkok': 420,
  'Asia/Ho_Chi_Minh': 420,
  'Asia/Tokyo': 540,
  'Asia/Seoul': 540,
}
const OFFSET_ZONE = /^([+-])(\d{2}):(\d{2})$/

/** Minutes east of Greenwich of a fixed-rule zone (a name above, or `+08:00`). @throws RangeError for any other zone. */
export function offsetMin(timeZone: string): number {
  const known = FIXED_ZONES[timeZone]
  if (known !== undefined) return known
  const match = OFFSET_ZONE.exec(timeZone)
  if (!match) throw new RangeError(`zone without a fixed rule: ${timeZone}`)
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}

export function isSupportedZone(timeZone: string): boolean {
  return timeZone in FIXED_ZONES || OFFSET_ZONE.test(timeZone)
}

const localDays = (ms: number, timeZone: string) =>
  Math.floor((ms + offsetMin(timeZone) * MINUTE_MS) / DAY_MS)

const keys = new Map<number, DayKey>()
const MOST_KEYS = 20_000

/** Writing a date is slow and few days are ever asked for: each is written once. */
function keyOfDays(days: number): DayKey {
  let key = keys.get(days)
  if (key === undefined) {
    if (keys.size >= MOST_KEYS) keys.clear()
    key = new Date(days * DAY_MS).toISOString().slice(0, 10)
    keys.set(days, key)
  }
  return key
}

/** Days since 1970-01-01 of a day key. @throws RangeError for text that is no calendar day. */
export function dayNumber(day: DayKey): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || keyOfDays(ms / DAY_MS) !== day) throw new RangeError(`not a day: ${day}`)
  return ms / DAY_MS
}

export function isDayKey(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && keyOfDays(ms / DAY_MS) === text
}

/** The natural day an instant falls on. */
export const dayKeyOf = (ms: number, timeZone: string): DayKey => keyOfDays(localDays(ms, timeZone))

/** Local midnight that begins the day. */
export const dayStartMs = (day: DayKey, timeZone: string): number =>
  dayNumber(day) * DAY_MS - offsetMin(timeZone) * MINUTE_MS

/** The instant `minute` minutes after that day's midnight; minutes may pass 1440 (25:30 is 1530). */
export const atMinute = (day: DayKey, minute: number, timeZone: string): number =>
  dayStartMs(day, timeZone) + minute * MINUTE_MS

export const addDays = (day: DayKey, count: number): DayKey => keyOfDays(dayNumber(day) + count)

/** Whole days from `from` to `to`; negative when `to` is earlier. */
export const daysBetween = (from: DayKey, to: DayKey): number => dayNumber(to) - dayNumber(from)

/** All days from `from` through `to`. */
export function eachDay(from: DayKey, to: DayKey): DayKey[] {
  const first = dayNumber(from)
  return Array.from({ length: Math.max(0, dayNumber(to) - first + 1) }, (_, i) => keyOfDays(first + i))
}

/** Minutes since local midnight, 0..1439. */
export const minuteOfDay = (ms: number, timeZone: string): number =>
  Math.floor((ms - localDays(ms, timeZone) * DAY_MS) / MINUTE_MS) + offsetMin(timeZone)

/** ISO weekday, 1 = Monday … 7 = Sunday. */
export const isoWeekday = (day: DayKey): number => ((((dayNumber(day) + 3) % 7) + 7) % 7) + 1

const STAMP = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?$/

/** `2026-09-07 08:55:37` or `2026/09/07 08:55` in the zone → instant; null for anything else. */
export function parseLocalStamp(text: string, timeZone: string): number | null {
  const match = STAMP.exec(text.trim())
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const key = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  const isTime = hour <= 23 && minute <= 59 && second <= 59
  return isTime && isDayKey(key)
    ? dayStartMs(key, timeZone) + ((hour * 60 + minute) * 60 + second) * 1000
    : null
}

/** Instant → `YYYY-MM-DD HH:mm:ss` in the zone. */
export function formatLocalStamp(ms: number, timeZone: string): string {
  return new Date(ms + offsetMin(timeZone) * MINUTE_MS).toISOString().slice(0, 19).replace('T', ' ')
}
