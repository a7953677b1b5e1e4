import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { LocaleName } from './i18n.ts'

/** Zone in which instants are shown; the belt's own once a belt is open. */
export const displayZone = ref('Asia/Shanghai')

export interface Format {
  /** 14:20 */
  time(ms: number): string
  /** 9月17日 / 17 Sep */
  date(ms: number): string
  /** The same for a month and day that are known by number. */
  monthDay(month: number, day: number): string
  /** 9月17日 周四 / Thu 17 Sep */
  dateWeekday(ms: number): string
  /** 周四 / Thu */
  weekday(ms: number): string
  /** 9月17日 11:40 / 17 Sep 11:40 */
  dateTime(ms: number): string
  /** 11:40 for an instant on the same day as `nowMs`, otherwise with its date. */
  timeNear(ms: number, nowMs: number): string
  /** 19:00–22:00 */
  timeRange(startMs: number, endMs: number): string
  /** 9/17 */
  axisDate(ms: number): string
  /** 4 时 40 分 / 4 h 40 min; rounded to whole minutes. */
  duration(minutes: number): string
  /** Minutes of a day: 1320 → 22:00, 1680 → 次日 04:00. */
  dayMinute(minutes: number): string
  number(value: number, digits?: number): string
  /** A change with its sign: +3, −1.6, 0. */
  signed(value: number, digits?: number): string
  /** Ratio 0.932 → 93.2%. */
  percent(ratio: number, digits?: number): string
  /** Integer fen → ¥2,076; with `digits` 2 → ¥20.76. */
  yuan(fen: number, digits?: number): string
  /** A large sum split for a figure: 4126000_00 fen → { figure: '¥412.6', unit: '万' }. */
  yuanShort(fen: number): { figure: string; unit: string }
  bytes(count: number): string
  list(items: readonly string[]): string
}

const MINUS = '−'

/** Making a formatter costs milliseconds, and every table asks for many. */
const figures = new Map<number, Intl.NumberFormat>()
function figureFormat(digits: number): Intl.NumberFormat {
  let format = figures.get(digits)
  if (!format) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    figures.set(digits, format)
  }
  return format
}

/** Makes a thing when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const dash = (text: string) => text.replace(/^-/, MINUS)

export function makeFormat(locale: LocaleName, timeZone: string): Format {
  const zh = locale === 'zh-CN'
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    year: 'numeric',
    hourCycle: 'h23',
  })
  const weekdays = once(() => new Intl.DateTimeFormat(locale, { timeZone, weekday: 'short' }))
  const months = once(() => new Intl.DateTimeFormat('en-US', { timeZone, month: 'short' }))
  const lists = once(
    () => new Intl.ListFormat(locale, { style: zh ? 'narrow' : 'long', type: 'conjunction' }),
  )
  const read = (ms: number) =>
    Object.fromEntries(parts.formatToParts(ms).map((part) => [part.type, part.value])) as Record<
      string,
      string
    >

  const time = (ms: number) => {
    const p = read(ms)
    return `${p.hour}:${p.minute}`
  }
  const date = (ms: number) => {
    const p = read(ms)
    if (!zh) return `${Number(p.day)} ${months().format(ms)}`
    return `${Number(p.month)}月${Number(p.day)}日`
  }
  const utcMonths = once(() => new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', month: 'short' }))
  const monthDay = (month: number, dayNo: number) =>
    zh ? `${month}月${dayNo}日` : `${dayNo} ${utcMonths().format(Date.UTC(2000, month - 1, 1))}`
  const weekday = (ms: number) => weekdays().format(ms)
  const day = (ms: number) => {
    const p = read(ms)
    return `${p.year}-${p.month}-${p.day}`
  }
  const number = (value: number, digits = 0) => dash(figureFormat(digits).format(value))
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

  return {
    time,
    date,
    monthDay,
    weekday,
    dateWeekday: (ms) => (zh ? `${date(ms)} ${weekday(ms)}` : `${weekday(ms)} ${date(ms)}`),
    dateTime: (ms) => `${date(ms)} ${time(ms)}`,
    timeNear: (ms, nowMs) => (day(ms) === day(nowMs) ? time(ms) : `${date(ms)} ${time(ms)}`),
    timeRange: (startMs, endMs) => `${time(startMs)}–${time(endMs)}`,
    axisDate: (ms) => {
      const p = read(ms)
      return zh ? `${Number(p.month)}/${Number(p.day)}` : date(ms)
    },
    duration: (minutes) => {
      const whole = Math.round(Math.abs(minutes))
      const sign = minutes < 0 && whole > 0 ? MINUS : ''
      const hours = Math.floor(whole / 60)
      const rest = whole % 60
      const h = zh ? `${hours} 时` : `${hours} h`
      const m = zh ? `${rest} 分` : `${rest} min`
      if (hours === 0) return sign + m
      return sign + (rest === 0 ? h : `${h} ${m}`)
    },
    dayMinute: (minutes) =>
      minutes < 1440 ? clock(minutes) : zh ? `次日 ${clock(minutes)}` : `${clock(minutes)} next day`,
    number,
    signed: (value, digits = 0) => (value > 0 ? '+' : '') + number(value, digits),
    percent: (ratio, digits = 1) => `${number(ratio * 100, digits)}%`,
    yuan: (fen, digits = 0) => (fen < 0 ? `${MINUS}¥` : '¥') + number(Math.abs(fen) / 100, digits),
    yuanShort: (fen) => {
      const sign = fen < 0 ? `${MINUS}¥` : '¥'
      const yuan = Math.abs(fen) / 100
      if (zh && yuan >= 1e8) return { figure: sign + number(yuan / 1e8, 2), unit: '亿' }
      if (zh && yuan >= 1e4) return { figure: sign + number(yuan / 1e4, 1), unit: '万' }
      if (!zh && yuan >= 1e6) return { figure: sign + number(yuan / 1e6, 2), unit: 'M' }
      if (!zh && yuan >= 1e4) return { figure: sign + number(yuan / 1e3, 1), unit: 'k' }
      return { figure: sign + number(yuan), unit: '' }
    },
    bytes: (count) => {
      if (count < 1024) return `${count} B`
      if (count < 1024 ** 2) return `${number(count / 1024)} KB`
      if (count < 1024 ** 3) return `${number(count / 1024 ** 2, count < 10 * 1024 ** 2 ? 1 : 0)} MB`
      return `${number(count / 1024 ** 3, 1)} GB`
    },
    list: (items) => lists().format(items),
  }
}

const formats = new Map<string, Format>()
function formatOf(locale: LocaleName, timeZone: string): Format {
  const key = `${locale} ${timeZone}`
  const format = formats.get(key) ?? makeFormat(locale, timeZone)
  formats.set(key, format)
  return format
}

/** Dates, durations, money and numbers in the current language and the belt's zone. */
export function useFormat() {
  const { locale } = useI18n()
  return computed(() => formatOf(locale.value as LocaleName, displayZone.value))
}
