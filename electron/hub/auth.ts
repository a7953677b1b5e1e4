import { requestText } from '../../shared/wire/messages.ts'
import { verifyText } from './crypto.ts'
import type { HubDatabase } from './database.ts'
import { HubRefusal } from './errors.ts'
import type { DeviceRow } from './schema.ts'

/** Requests may overtake each other on parallel connections by at most this many. */
const COUNTER_WINDOW = 64
const HEADER = /^Chanbo ([0-9a-hjkmnp-tv-z]{8})\.(\d{1,15})\.(\d{1,15})\.([A-Za-z0-9_-]{86})$/

export interface SignedRequest {
  readonly belt: string
  readonly path: string
  readonly authorization: string | undefined
  /** SHA-256 of the whole body, hexadecimal. */
  readonly bodyHash: string
}

export interface Caller {
  readonly device: DeviceRow
  readonly epoch: number
  readonly counter: number
}

/**
 * Checks who signed a request and that it is not a repetition.
 * @throws HubRefusal `not-enrolled`, `bad-signature` or `stale-counter`
 */
export async function authenticate(
  database: HubDatabase,
  request: SignedRequest,
  nowMs: number,
): Promise<Caller> {
  const match = HEADER.exec(request.authorization ?? '')
  if (!match) throw new HubRefusal('not-enrolled')
  const [, author, epochText, counterText, signature] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ]
  const epoch = Number(epochText)
  const counter = Number(counterText)
  const device = await database.db
    .selectFrom('device')
    .selectAll()
    .where('belt', '=', request.belt)
    .where('author', '=', author)
    .executeTakeFirst()
  if (!device) throw new HubRefusal('not-enrolled')
  const { bodyHash } = request
  const text = requestText({ belt: request.belt, epoch, path: request.path, bodyHash, author, counter })
  if (!verifyText(device.publicKey, text, signature)) throw new HubRefusal('bad-signature')
  await useCounter(database, device, counter, nowMs)
  return { device, epoch, counter }
}

/** Each counter is taken once; one that is older than the window is refused with the least that would be taken. */
export async function useCounter(
  database: HubDatabase,
  device: DeviceRow,
  counter: number,
  nowMs: number,
): Promise<void> {
  const recent = JSON.parse(device.recentCounters) as number[]
  if (counter <= device.lastCounter - COUNTER_WINDOW || recent.includes(counter))
    throw new HubRefusal('stale-counter', device.lastCounter + 1)
  const lastCounter = Math.max(device.lastCounter, counter)
  const kept = [...recent, counter].filter((used) => used > lastCounter - COUNTER_WINDOW)
  // What the request then does is committed in full, and this with it; a request that does nothing may be forgotten.
  const updated = await database.runLightly(
    database.db
      .updateTable('device')
      .set({ lastCounter, recentCounters: JSON.stringify(kept), lastSeenMs: nowMs })
      .where('belt', '=', device.belt)
      .where('author', '=', device.author)
      .where('recentCounters', '=', device.recentCounters),
  )
  if (updated === 1) return
  const again = await database.db
    .selectFrom('device')
    .selectAll()
    .where('belt', '=', device.belt)
    .where('author', '=', device.author)
    .executeTakeFirst()
  if (!again) throw new HubRefusal('not-enrolled')
  await useCounter(database, again, counter, nowMs)
}
