import { answerWaiting, expireClaims } from './arbitration.ts'
import type { HubContext } from './context.ts'
import { withBench } from './bench.ts'
import { closeRecoveryWhenFilled } from './recovery.ts'

const EVERY_MS = 15_000

/**
 * What time alone brings about in each belt: a recovery that nobody closes ends, claims lapse by hub time, and those that waited
 * are answered. @returns the belts that were looked at
 */
export async function attend(hub: HubContext): Promise<string[]> {
  const { db } = hub.database
  const waiting = await db
    .selectFrom('belt')
    .select('belt')
    .where((eb) =>
      eb.or([
        eb('recoveringUntilMs', 'is not', null),
        eb.exists(
          eb
            .selectFrom('booking')
            .select('booking.bookingId')
            .whereRef('booking.belt', '=', 'belt.belt')
            .where('booking.outcome', '=', 'waiting'),
        ),
        eb.exists(
          eb
            .selectFrom('lease')
            .innerJoin('booking', (join) =>
              join.onRef('booking.belt', '=', 'lease.belt').onRef('booking.bookingId', '=', 'lease.leaseId'),
            )
            .select('lease.leaseId')
            .whereRef('lease.belt', '=', 'belt.belt')
            .where('booking.outcome', '=', 'granted')
            .where('lease.untilMs', '<', hub.clock()),
        ),
      ]),
    )
    .execute()
  for (const { belt } of waiting)
    await withBench(hub, belt, async (bench) => {
      await closeRecoveryWhenFilled(bench)
      await expireClaims(bench)
      await answerWaiting(bench)
    })
  return waiting.map(({ belt }) => belt)
}

/** Does so now and then until it is told to end. Several hub processes may: each belt's lock keeps them apart. */
export function startAttending(hub: HubContext, everyMs = EVERY_MS): () => Promise<void> {
  let running: Promise<unknown> | null = null
  const timer = setInterval(() => {
    running ??= attend(hub)
      .catch((error: unknown) => hub.log.warn('could not attend to claims', { error: String(error) }))
      .finally(() => (running = null))
  }, everyMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
