import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

export function streamerNamesOf(db: Db): ReadonlyMap<string, string> {
  const rows = prepared<[], { id: string; name: string }>(db, 'SELECT id, name FROM streamer').all()
  return new Map(rows.map((row) => [row.id, row.name]))
}
