import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  averageOrderFen,
  conversionByPeople,
  conversionByViews,
  netFen,
} from '../../../shared/domain/kpi/sales.ts'
import { HOUR_MS, parseLocalStamp } from '../../../shared/domain/time.ts'
import { parseYuan } from '../../../shared/domain/money.ts'

const DATA = process.env.CHANBO_DATA ?? join(import.meta.dirname, '../../../../shared/data')
const FILE = join(DATA, 'formats', 'compass_live_list_real_row.csv')

if (!existsSync(FILE)) console.log(`skipped: no real Compass row at ${FILE} (set CHANBO_DATA)`)

/** The platform's own figures of one real broadcast: our definitions must give the same ones. */
describe.skipIf(!existsSync(FILE))('the four identities of a Compass row', () => {
  const lines = existsSync(FILE)
    ? readFileSync(FILE, 'utf8')
        .replace(/^\uFEFF/, '')
        .split(/\r?\n/)
    : ['', '']
  const header = lines[0]!.split(',')
  const cells = lines[1]!.split(',')
  const cell = (name: string) => cells[header.indexOf(name)] ?? ''
  const fen = (name: string) => parseYuan(cell(name))!
  const count = (name: string) => Number(cell(name))

  it('net sales are order amount less refunds within the hour', () => {
    expect(netFen(fen('直播间成交金额'), fen('1小时退款金额'))).toBe(fen('净成交金额'))
  })
  it('conversion by people is buyers over viewers', () => {
    const rate = conversionByPeople(count('直播间成交人数'), count('直播间观看人数'))!
    expect(rate.toFixed(4)).toBe(count('观看-成交率(人数)').toFixed(4))
  })
  it('conversion by views is orders over views', () => {
    const rate = conversionByViews(count('直播间成交订单数'), count('直播间观看次数'))!
    expect(rate.toFixed(4)).toBe(count('观看-成交率(次数)').toFixed(4))
  })
  it('average order value is user-paid over buyers, on the base the platform divides by hours', () => {
    const startMs = parseLocalStamp(cell('直播开始时间'), 'Asia/Shanghai')!
    const endMs = parseLocalStamp(cell('直播结束时间'), 'Asia/Shanghai')!
    const paid = fen('直播间用户支付金额')
    // The row prints no average; its hourly figure proves that user-paid is the base that is divided.
    expect((paid / 100 / (endMs - startMs)) * HOUR_MS).toBeCloseTo(Number(cell('单小时用户支付金额')), 6)
    expect(averageOrderFen(paid, count('直播间成交人数'))!).toBeCloseTo(3955.53, 2)
  })
})
