import { fieldsOf } from '../../shared/domain/table.ts'
import { TABLES } from '../../shared/domain/tables.ts'
import type { Db } from '../sqlite/open.ts'
import { prepared } from '../sqlite/prepared.ts'

const NAMES = ['name', 'title', 'label', 'orderNo', 'fileName', 'topic'] as const
/** Rows without a name of their own are known by what they belong to. */
const OWNERS = [
  ['sessionId', 'liveSession'],
  ['bookingId', 'booking'],
  ['skuId', 'sku'],
  ['merchantId', 'merchant'],
  ['streamerId', 'streamer'],
  ['lineId', 'productionLine'],
  ['productId', 'product'],
  ['orderLineId', 'orderLine'],
] as const

/** What a person calls a row: its name, or the name of what it belongs to; empty when it has neither. */
export function labelOf(db: Db, table: string, id: string, depth = 0): string {
  const known = TABLES.get(table)
  if (!known || depth > 2) return ''
  const row = prepared<[string], Record<string, unknown>>(db, `SELECT * FROM ${known.name} WHERE id = ?`).get(
    id,
  )
  if (!row) return ''
  const fields = new Set(fieldsOf(known).map(({ name }) => name))
  for (const name of NAMES) {
    const value = row[name]
    if (fields.has(name) && typeof value === 'string' && value !== '') return value
  }
  for (const [field, owner] of OWNERS) {
    const value = row[field]
    if (fields.has(field) && typeof value === 'string' && value !== '')
      return labelOf(db, owner, value, depth + 1)
  }
  return ''
}
