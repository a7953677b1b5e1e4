import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Fields } from '../../shared/ops/types.ts'
import { renameLeftovers } from '../../electron/core/sync/incarnation.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import { ROLLUPS } from '../../electron/core/registry.ts'
import { Store } from '../../electron/core/store/store.ts'
import { RESOURCES_DIR } from '../helpers/core.ts'

const FORMER = 'aaaaaaa0'
const PRESENT = 'hhhhhhh0'

it('what was written under a new name before the earlier work got it stays the last word', () => {
  const db = openDb(':memory:')
  migrate(db, readMigrations(join(RESOURCES_DIR, 'migrations', 'local')), 1)
  let nowMs = 1000
  const as = (author: string): Store =>
    new Store({ db, author, clock: () => ++nowMs, hooks: ROLLUPS, onChanged: () => undefined })
  const write = (store: Store, kind: 'create' | 'set', fields: Fields, row?: string): string =>
    store.append([
      { scope: 'belt', lane: 'register', kind, table: 'equipment', row, fields, person: null },
    ])[0]!
  const former = as(FORMER)
  former.setMeta('hub', '1')
  const lamp = write(former, 'create', { name: 'lamp', baseId: '00000000001', quantity: 1 })
  write(former, 'set', { quantity: 2 }, lamp)

  const store = as(PRESENT)
  write(store, 'set', { quantity: 3 }, lamp)
  const camera = write(store, 'create', { name: 'camera', baseId: '00000000001', quantity: 4 })
  expect(renameLeftovers(store, PRESENT)).toBe(2)
  write(
    store,
    'set',
    { quantity: 5 },
    db.prepare<[], string>(`SELECT id FROM equipment WHERE name = 'camera'`).pluck().get(),
  )

  const log = db
    .prepare<[], { author: string; quantity: number }>(
      `SELECT author, json_extract(fields, '$.quantity') AS quantity FROM op ORDER BY stream, seq`,
    )
    .all()
  expect(log).toStrictEqual([1, 2, 3, 4, 5].map((quantity) => ({ author: PRESENT, quantity })))
  const shown = db.prepare('SELECT name, quantity FROM equipment ORDER BY name').all()
  expect(shown).toStrictEqual([
    { name: 'camera', quantity: 5 },
    { name: 'lamp', quantity: 3 },
  ])
  expect(db.prepare('SELECT new FROM renamed WHERE old = ?').get(camera)).toBeDefined()
})
