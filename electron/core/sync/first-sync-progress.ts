import type { FirstSyncState } from '../../../shared/contract/sync.ts'
import type { Scope } from '../../../shared/ops/types.ts'
import type { Manifest } from '../../../shared/wire/snapshot.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'

/** The speed is that of the last moments: a mobile link's morning says nothing about its afternoon. */
const WINDOW_MS = 15_000
/** A shorter look at a link is guessing. */
const SHORTEST_LOOK_MS = 1_000

export interface FirstSyncProgress {
  readonly scope: Scope
  /** Bytes that are here, those of unfinished chunks included. */
  readonly doneBytes: number
  readonly totalBytes: number
  readonly doneRecords: number
  readonly totalRecords: number
  /** Bytes that are missing of today's work. */
  readonly todayBytes: number
  /** Today's work is here. */
  readonly usable: boolean
}

/** @param missing places in the manifest that have not been applied, in its order */
export function progressOf(
  db: Db,
  scope: Scope,
  manifest: Manifest,
  missing: readonly number[],
): FirstSyncProgress {
  const parts = new Map(
    prepared<[string], { hash: string; bytes: number }>(
      db,
      'SELECT hash, sum(length(bytes)) AS bytes FROM snapshotPart WHERE scope = ? GROUP BY hash',
    )
      .all(scope)
      .map(({ hash, bytes }) => [hash, bytes]),
  )
  const left = missing.map((index) => {
    const [chunk, bytes, records] = manifest.chunks[index]!
    return { index, bytes: Math.max(0, bytes - (parts.get(chunk) ?? 0)), records }
  })
  const sum = (of: readonly { bytes: number }[]): number => of.reduce((total, { bytes }) => total + bytes, 0)
  const totalBytes = manifest.chunks.reduce((total, [, bytes]) => total + bytes, 0)
  const totalRecords = manifest.chunks.reduce((total, [, , records]) => total + records, 0)
  return {
    scope,
    totalBytes,
    totalRecords,
    doneBytes: totalBytes - sum(left),
    doneRecords: totalRecords - left.reduce((total, { records }) => total + records, 0),
    todayBytes: sum(left.filter(({ index }) => index < manifest.usable)),
    usable: isUsable(manifest, missing),
  }
}

export const isUsable = (manifest: Manifest, missing: readonly number[]): boolean =>
  (missing[0] ?? Infinity) >= manifest.usable

/** How fast bytes have been arriving. */
export class Arrivals {
  readonly #seen: { readonly atMs: number; readonly bytes: number }[] = []

  note(bytes: number, nowMs: number): void {
    this.#seen.push({ atMs: nowMs, bytes })
    this.#forget(nowMs)
  }

  /** Null while too little is known, or nothing has come for a while. */
  bytesPerMs(nowMs: number): number | null {
    this.#forget(nowMs)
    const [first, ...rest] = this.#seen
    const lookMs = first === undefined ? 0 : nowMs - first.atMs
    if (lookMs < SHORTEST_LOOK_MS || rest.length === 0) return null
    return rest.reduce((total, { bytes }) => total + bytes, 0) / lookMs
  }

  #forget(nowMs: number): void {
    const kept = this.#seen.findIndex(({ atMs }) => nowMs - atMs <= WINDOW_MS)
    this.#seen.splice(0, kept < 0 ? this.#seen.length : kept)
  }
}

/**
 * What a person is told of all scopes together; null when nothing is being taken over.
 * @param preparing the hub is making a snapshot that this device waits for
 */
export function firstSyncState(
  scopes: readonly FirstSyncProgress[],
  how: {
    readonly preparing: boolean
    readonly paused: boolean
    readonly cut: boolean
    readonly bytesPerMs: number | null
  },
): FirstSyncState | null {
  if (scopes.length === 0 && !how.preparing) return null
  const sum = (name: 'doneBytes' | 'totalBytes' | 'doneRecords' | 'totalRecords' | 'todayBytes'): number =>
    scopes.reduce((total, scope) => total + scope[name], 0)
  const state = how.paused ? 'paused' : how.cut ? 'cut' : scopes.length === 0 ? 'preparing' : 'running'
  const takes = (bytes: number): number | null =>
    state === 'running' && how.bytesPerMs ? Math.round(bytes / how.bytesPerMs) : null
  return {
    state,
    doneBytes: sum('doneBytes'),
    totalBytes: sum('totalBytes'),
    doneRecords: sum('doneRecords'),
    totalRecords: sum('totalRecords'),
    usable: !how.preparing && scopes.every(({ usable }) => usable),
    todayMs: takes(sum('todayBytes')),
    estimateMs: takes(sum('totalBytes') - sum('doneBytes')),
  }
}
