import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  DEMO_NOW_MS,
  DEMO_SEED,
  generateDemo,
  type DemoDraft,
  type DemoReference,
} from '../../../shared/demo/index.ts'
import { fieldsOf } from '../../../shared/domain/table.ts'
import { tableNamed } from '../../../shared/domain/tables.ts'
import {
  changeoverSchema,
  routingStepSchema,
  unitsPerHourSchema,
  weeklyWindowSchema,
} from '../../../shared/domain/shapes.ts'
import { DAY_MS } from '../../../shared/domain/time.ts'

const RESOURCES = join(import.meta.dirname, '../../../resources')
const json = (path: string) =>
  JSON.parse(readFileSync(join(RESOURCES, path), 'utf8')) as Record<string, unknown>
const reference: DemoReference = {
  factors: json('factors/factors.json')['factors'] as DemoReference['factors'],
  years: json('calendars/holidays-cn.json')['years'] as DemoReference['years'],
}
const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex')
const make = (seed = DEMO_SEED, nowMs = DEMO_NOW_MS) => generateDemo({ seed, nowMs, reference, sha256Hex })

const drafts = make()
const of = (table: string) => drafts.filter((draft) => draft.table === table)
type Row = Record<string, unknown>
const fields = (table: string) => of(table).map((draft) => draft.fields as Row)

/** Every `@key` in a value. */
function refsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('@') ? [value.slice(1)] : []
  if (Array.isArray(value)) return value.flatMap(refsIn)
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(refsIn) : []
}

describe('the demo belt', () => {
  it('is the same for the same seed and another for another', () => {
    const hash = (rows: readonly DemoDraft[]) => sha256Hex(JSON.stringify(rows))
    expect(hash(make())).toBe(hash(drafts))
    expect(hash(make(DEMO_SEED + 1))).not.toBe(hash(drafts))
  })

  it('moves as a whole with its present', () => {
    const later = make(DEMO_SEED, DEMO_NOW_MS + 7 * DAY_MS)
    expect(later).toHaveLength(drafts.length)
    const starts = (rows: readonly DemoDraft[]) =>
      rows.filter((row) => row.table === 'liveSession').map((row) => row.fields['earliestMs'] as number)
    expect(starts(later)).toEqual(starts(drafts).map((ms) => ms + 7 * DAY_MS))
  })

  it('holds what a belt needs to be believable', () => {
    expect(
      of('liveBase')
        .map((base) => base.fields['kind'])
        .sort(),
    ).toEqual(['cluster', 'rural', 'rural'])
    expect(of('factory')).toHaveLength(6)
    expect(fields('productionLine').filter((line) => line['kind'] === 'line')).toHaveLength(14)
    expect(of('studio')).toHaveLength(4)
    expect(of('streamer')).toHaveLength(10)
    expect(of('merchant')).toHaveLength(40)
    expect(of('product')).toHaveLength(80)
    expect(of('sku')).toHaveLength(160)
    expect(fields('liveSession').filter((session) => session['status'] !== 'ended')).toHaveLength(60)
    expect(drafts.length).toBeLessThan(15_000)
  })

  it('plans about 250 operations for the coming week', () => {
    const orders = fields('productionOrder')
    const samples = orders.filter((order) => order['kind'] === 'sample').length
    const sessions = 60
    const operations = samples * 2 + (orders.length - samples) + sessions * 2
    expect(operations).toBeGreaterThan(220)
    expect(operations).toBeLessThan(300)
  })

  it('writes only fields the registry knows, of their type, and refers only backwards', () => {
    const seen = new Set<string>()
    const wrong: string[] = []
    for (const draft of drafts) {
      const known = new Map(fieldsOf(tableNamed(draft.table)).map(({ name, field }) => [name, field]))
      for (const [name, value] of Object.entries(draft.fields)) {
        const field = known.get(name)
        const fits =
          field !== undefined &&
          (value === null ? field.nullable : field.type !== 'int' || Number.isSafeInteger(value)) &&
          (!field.oneOf || field.oneOf.includes(value as string))
        if (!fits) wrong.push(`${draft.table}.${name} = ${JSON.stringify(value)}`)
      }
      for (const ref of refsIn(draft.fields)) if (!seen.has(ref)) wrong.push(`${draft.table} → ${ref}`)
      if (draft.key !== undefined) seen.add(draft.key)
    }
    expect(wrong).toEqual([])
  })

  it('has JSON fields of the shapes that planning reads', () => {
    for (const line of fields('productionLine')) {
      unitsPerHourSchema.parse(line['unitsPerHour'])
      changeoverSchema.parse(line['changeoverMin'])
      for (const shift of line['shifts'] as unknown[]) weeklyWindowSchema.parse(shift)
    }
    for (const product of fields('product'))
      for (const step of product['routing'] as unknown[]) routingStepSchema.parse(step)
  })

  it('never holds a room or a streamer twice, but for the one claim that must be refused', () => {
    const taken: { who: string; from: number; to: number }[] = []
    const clashes: string[] = []
    for (const booking of fields('booking')) {
      const from = (booking['startMs'] as number) - (booking['beforeMin'] as number) * 60_000
      const to = (booking['endMs'] as number) + (booking['afterMin'] as number) * 60_000
      const whos = [booking['studioId'] as string, ...(booking['streamerIds'] as string[])]
      const clash = taken.find((other) => whos.includes(other.who) && other.from < to && other.to > from)
      if (clash) clashes.push(String(booking['label']))
      else taken.push(...whos.map((who) => ({ who, from, to })))
    }
    expect(clashes).toEqual(['乳山'])
  })

  it('keeps history before its present and no phone numbers anywhere', () => {
    const instants = [
      ...fields('orderLine').map((line) => line['paidMs']),
      ...fields('orderState').flatMap((state) => [
        state['pickedUpMs'],
        state['completedMs'],
        state['clickedShipMs'],
      ]),
    ].filter((instant): instant is number => typeof instant === 'number')
    expect(instants.filter((instant) => instant > DEMO_NOW_MS)).toEqual([])
    const texts = JSON.stringify(
      drafts.filter((draft) => !['orderLine', 'sku', 'complaint'].includes(draft.table)),
    )
    expect(texts).not.toMatch(/(?<!\d)1[3-9]\d{9}(?!\d)/)
  })

  it('sells very unequally', () => {
    const byMerchant = new Map<unknown, number>()
    for (const line of fields('orderLine'))
      byMerchant.set(
        line['merchantId'],
        (byMerchant.get(line['merchantId']) ?? 0) + (line['paidFen'] as number),
      )
    const sorted = [...byMerchant.values()].sort((a, b) => b - a)
    const total = sorted.reduce((sum, fen) => sum + fen, 0)
    expect(sorted.slice(0, 8).reduce((sum, fen) => sum + fen, 0) / total).toBeGreaterThan(0.6)
    expect(sorted.length).toBeGreaterThan(35)
  })
})
