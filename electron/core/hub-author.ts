import type { Db } from '../sqlite/open.ts'
import { prepared } from '../sqlite/prepared.ts'

/** True for a name under which the hub writes: it has signed heads of such streams. */
export const isHubAuthor = (db: Db, author: string): boolean =>
  prepared<[string, string]>(db, 'SELECT 1 FROM meta WHERE key >= ? AND key < ? LIMIT 1').get(
    `hubHead:${author}:`,
    `hubHead:${author};`,
  ) !== undefined
