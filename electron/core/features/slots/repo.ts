import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

export interface Alternative {
  studioId: string
  studioName: string
  startMs: number
  endMs: number
}

/** An arbiter's alternatives with the studios' names. */
export function readAlternatives(db: Db, text: string): Alternative[] {
  const list = (JSON.parse(text) as { studioId: string; startMs: number; endMs: number }[] | null) ?? []
  return list.map(({ studioId, startMs, endMs }) => ({
    studioId,
    studioName:
      prepared<[string], { name: string }>(db, 'SELECT name FROM studio WHERE id = ?').get(studioId)?.name ??
      studioId,
    startMs,
    endMs,
  }))
}
