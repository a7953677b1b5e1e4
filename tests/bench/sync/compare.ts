import { encodeOp } from '../../../shared/ops/canonical.ts'
import { equalBytes } from '../../../shared/ops/bytes.ts'
import { opOf, type OpRow } from '../../../electron/core/store/store.ts'
import type { Rig, RigDevice } from '../../helpers/sync-rig.ts'

export interface Comparison {
  /** Ops that the device counts as acknowledged and the hub does not have, or has otherwise. */
  readonly lost: number
  /** Ops that the hub has more than once, or that nobody wrote. */
  readonly duplicated: number
}

/** Compares what a device wrote, op by op and byte by byte, with what the hub has of it. */
export function compareWithHub(rig: Rig, device: RigDevice): Comparison {
  const file = rig.hub.hub.database.file
  if (!file) throw new Error('compared on SQLite only')
  const { author } = device.keys
  const atHub = file
    .prepare<[string], { stream: number; seq: number; payload: Uint8Array }>(
      'SELECT stream, seq, payload FROM op WHERE author = ?',
    )
    .all(author)
  const seen = new Map<string, Uint8Array>()
  let duplicated = 0
  for (const { stream, seq, payload } of atHub) {
    const key = `${stream} ${seq}`
    if (seen.has(key)) duplicated++
    seen.set(key, payload)
  }
  let lost = 0
  const own = device.store.db
    .prepare<[string], OpRow>(`SELECT * FROM op WHERE author = ? AND scope <> 'device'`)
    .all(author)
  const written = new Set<string>()
  for (const row of own) {
    const key = `${row.stream} ${row.seq}`
    written.add(key)
    if (row.state === 'pending') continue
    const payload = seen.get(key)
    if (!payload || !equalBytes(payload, encodeOp(opOf(row)))) lost++
  }
  for (const key of seen.keys()) if (!written.has(key)) duplicated++
  return { lost, duplicated }
}
