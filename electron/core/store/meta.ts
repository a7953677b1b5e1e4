import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'

/** A note that a store keeps about itself; null when there is none. */
export const metaOf = (db: Db, key: string): string | null =>
  prepared<[string], { value: string }>(db, 'SELECT value FROM meta WHERE key = ?').get(key)?.value ?? null
