import { z } from 'zod'
import { ADMINISTRATORS, SIGNED_IN, action, query } from './define.ts'
import type { AppError } from './result.ts'

/** How far a device that begins, or was away too long, has taken the belt over from its hub. */
export interface FirstSyncState {
  /** `preparing`: the hub is making what is to be fetched; `cut`: goes on at the byte where the link broke. */
  readonly state: 'preparing' | 'running' | 'cut' | 'paused'
  readonly doneRecords: number
  readonly totalRecords: number
  readonly doneBytes: number
  readonly totalBytes: number
  /** Today's work is here: the device can be used. */
  readonly usable: boolean
  /** Until it can be used, and until everything is here, at the present speed; null while that is not known. */
  readonly todayMs: number | null
  readonly estimateMs: number | null
}

/** How this device stands with its hub. */
export interface SyncLink {
  readonly hub: {
    readonly url: string
    readonly joinedMs: number
    readonly role: string
    readonly baseId: string | null
  } | null
  /** `connecting`: asked, and not answered for the first time yet. `refused`: the hub answers, and takes nothing. */
  readonly network: 'no-hub' | 'connecting' | 'online' | 'sending' | 'offline' | 'refused'
  readonly offlineSinceMs: number | null
  readonly lastContactMs: number | null
  readonly latencyMs: number | null
  /** Why the last try failed; null while all is well. */
  readonly failure: AppError | null
  readonly nextTryMs: number | null
  /** Time the waiting records need at the present speed of the link; null when nothing waits or nothing is known yet. */
  readonly estimateMs: number | null
  readonly waiting: number
  readonly oldestWaitingMs: number | null
  readonly paused: boolean
  /** Only claims, grants and corrections are sent. */
  readonly urgentOnly: boolean
  /** Bytes cost money here: news are looked for seldom, and beyond the day's budget only the urgent is sent. */
  readonly metered: boolean
  /** Megabytes a day on a metered link; null for no limit. */
  readonly budgetMb: number | null
  /** Bytes of this belt's own traffic with its hub today, on any link. */
  readonly spentTodayBytes: number
  /** Null when nothing is being taken over. */
  readonly firstSync: FirstSyncState | null
  /** This belt was founded here and could move to a hub. */
  readonly canHandOver: boolean
}

const hubUrl = z
  .url({ protocol: /^https?$/ })
  .max(300)
  .transform((url) => url.replace(/\/+$/, ''))
const code = z.string().trim().min(20).max(400)

export const syncContract = {
  'sync/link': query(z.object({}), 'anyone').returns<SyncLink>(),
  /** First run: takes part in a belt that is on a hub. Its data arrives in the background. */
  'sync/join': action(z.object({ url: hubUrl, code }), 'anyone').returns<{ beltId: string }>(),
  /** Moves this belt to a hub, which decides about claims from then on. Everything logged here goes up unchanged. */
  'sync/handOver': action(z.object({ url: hubUrl, code }), ADMINISTRATORS).returns<null>(),
  'sync/tryNow': action(z.object({}), 'anyone').returns<{ reached: boolean }>(),
  'sync/setOptions': action(
    z.object({
      paused: z.boolean().optional(),
      urgentOnly: z.boolean().optional(),
      metered: z.boolean().optional(),
      budgetMb: z.number().int().min(1).max(100_000).nullable().optional(),
    }),
    SIGNED_IN,
  ).returns<null>(),
}
