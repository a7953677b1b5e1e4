import type { HubContext } from './context.ts'
import type { Queries } from './database.ts'

/**
 * The names under which this hub has written in a belt: one for each epoch it knows of, and those of epochs that a restore has
 * made it forget and that devices have proven with its own signature.
 */
export async function ownNames(hub: HubContext, db: Queries, belt: string): Promise<ReadonlySet<string>> {
  const epochs = await db.selectFrom('epochStart').select('epoch').where('belt', '=', belt).execute()
  const proven = await db.selectFrom('hubName').select('author').where('belt', '=', belt).execute()
  return new Set([
    ...epochs.map(({ epoch }) => hub.authorName(belt, epoch)),
    ...proven.map(({ author }) => author),
  ])
}

/** The hub's signature says that it once wrote under this name. */
export async function noteOwnName(db: Queries, belt: string, author: string): Promise<void> {
  await db
    .insertInto('hubName')
    .values({ belt, author })
    .onConflict((conflict) => conflict.columns(['belt', 'author']).doNothing())
    .execute()
}
