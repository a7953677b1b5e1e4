import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { DAY_MS, MINUTE_MS, offsetMin } from '../../shared/domain/time.ts'
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

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEKDAYS = {
  'zh-CN': ['周日', '周一', '周二', '周三', '周四', '周五', '周六'],
  en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
} as const

/** Up to here a figure and six decimals are exact; larger ones are rare and left to the platform. */
const MOST_PLAIN = 1e9

/**
 * 1234.5 → 1,234.5, halves away from zero. Written here because the platform's formatters take 40 ms of processor time
 * before the first one is there, which would be the first screen's.
 */
function number(value: number, digits = 0): string {
  const size = Math.abs(value)
  if (!(size < MOST_PLAIN))
    return value
      .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
      .replace('-', MINUS)
  // Shifting the written decimal rounds 1.005 as a person does; its binary value lies below.
  const shifted = Math.round(Number(size < 1e-6 ? 0 : `${size}e${digits}`))
  const text = String(shifted).padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ',')
  const sign = value < 0 && shifted > 0 ? MINUS : ''
  return sign + (digits === 0 ? whole : `${whole}.${text.slice(-digits)}`)
}

export function makeFormat(locale: LocaleName, timeZone: string): Format {
  const zh = locale === 'zh-CN'
  const zoneMs = offsetMin(timeZone) * MINUTE_MS
  /** A date whose UTC fields are the zone's. */
  const local = (ms: number) => new Date(ms + zoneMs)
  const two = (value: number) => String(value).padStart(2, '0')

  const time = (ms: number) => {
    const at = local(ms)
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`
  }
  const monthDay = (month: number, dayNo: number) =>
    zh ? `${month}月${dayNo}日` : `${dayNo} ${MONTHS[month - 1]}`
  const date = (ms: number) => {
    const at = local(ms)
    return monthDay(at.getUTCMonth() + 1, at.getUTCDate())
  }
  const weekday = (ms: number) => WEEKDAYS[locale][local(ms).getUTCDay()]!
  const day = (ms: number) => Math.floor((ms + zoneMs) / DAY_MS)
  const clock = (minutes: number) => `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`

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
      const at = local(ms)
      return zh ? `${at.getUTCMonth() + 1}/${at.getUTCDate()}` : date(ms)
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
    list: (items) => {
      if (zh || items.length < 2) return items.join('、')
      return `${items.slice(0, -1).join(', ')}${items.length > 2 ? ',' : ''} and ${items.at(-1)}`
    },
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
