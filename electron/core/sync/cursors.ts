import type { Scope } from '../../../shared/ops/types.ts'

import type { Certificate } from '../../../shared/wire/messages.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Store } from '../store/store.ts'

/** A scope that leaves the device. */
export type SharedScope = Exclude<Scope, 'device'>

/** How far a scope has been read: never a time, always the hub's own order. */
export interface Cursor {
  readonly epoch: number
  readonly seq: number
}

const START: Cursor = { epoch: 0, seq: 0 }
const MAX_SCOPES = 64

export function readCursor(store: Store, scope: Scope): Cursor {
  const text = store.meta(`cursor:${scope}`)
  return text === null ? START : (JSON.parse(text) as Cursor)
}

/** Inside the transaction that applied what lies before it. */
export function writeCursor(store: Store, scope: Scope, cursor: Cursor): void {
  store.setMeta(`cursor:${scope}`, JSON.stringify(cursor))
}

/** The belt, and the device's own base; a device that serves the whole belt reads every base. */
export function readableScopes(store: Store, certificate: Certificate): SharedScope[] {
  if (certificate.role === 'official') return ['belt']
  if (certificate.baseId !== null) return ['belt', `base:${certificate.baseId}`]
  const bases = prepared<[], { id: string }>(store.db, 'SELECT id FROM liveBase ORDER BY id').all()
  return ['belt', ...bases.map(({ id }): SharedScope => `base:${id}`)].slice(0, MAX_SCOPES) as SharedScope[]
}
