import type { Queries } from './database.ts'

/** How far the log of a belt has been cut off; 0 when it is whole. */
export async function truncatedSeq(db: Queries, belt: string): Promise<number> {
  const row = await db.selectFrom('truncation').select('seq').where('belt', '=', belt).executeTakeFirst()
  return row?.seq ?? 0
}

/** Where a stream's chain goes on after what was cut off; null when nothing was. */
export async function truncatedHead(
  db: Queries,
  belt: string,
  author: string,
  stream: number,
): Promise<{ seq: number; head: Uint8Array } | null> {
  const row = await db
    .selectFrom('truncatedStream')
    .select(['seq', 'head'])
    .where('belt', '=', belt)
    .where('author', '=', author)
    .where('stream', '=', stream)
    .executeTakeFirst()
  return row ?? null
}
