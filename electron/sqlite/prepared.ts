import type Database from 'better-sqlite3'
import type { Db } from './open.ts'

const caches = new WeakMap<Db, Map<string, Database.Statement<unknown[], unknown>>>()

/** Prepares a statement once per connection. For texts from a fixed set only: the cache never forgets. */
export function prepared<P extends unknown[] = unknown[], R = unknown>(
  db: Db,
  sql: string,
): Database.Statement<P, R> {
  let cache = caches.get(db)
  if (!cache) {
    cache = new Map()
    caches.set(db, cache)
  }
  let statement = cache.get(sql)
  if (!statement) {
    statement = db.prepare<unknown[], unknown>(sql)
    cache.set(sql, statement)
  }
  return statement as Database.Statement<P, R>
}
