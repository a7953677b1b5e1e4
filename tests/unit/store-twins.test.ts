import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CanonicalOp, Fields } from '../../shared/ops/types.ts'
import { opId } from '../../shared/ops/id.ts'
import { renameFrom } from '../../electron/core/sync/incarnation.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import { ROLLUPS } from '../../electron/core/registry.ts'
import { Store } from '../../electron/core/store/store.ts'
import { RESOURCES_DIR } from '../helpers/core.ts'
import { ORDER_STATE } from '../fixtures/rows.ts'

const SMALL = 'aaaaaaa0'
const MIDDLE = 'hhhhhhh0'
const LARGE = 'zzzzzzz0'
const SCOPE = 'base:00000000001'

const ORDER: Fields = {
  source: 'doudian',
  orderNo: 'o',
  subOrderNo: 's',
  merchantId: '00000000002',
  skuId: null,
  sessionId: null,
  skuCode: '',
  productName: '',
  quantity: 1,
  isGift: false,
  orderedMs: 1,
  paidMs: 1,
  payableFen: 1,
  paidFen: 1,
  promisedMs: null,
  provinceName: '',
}
const stateOf = (orderLineId: string): Fields => ({
  orderLineId,
  asOfMs: 1,
  status: 'paid',
  ...ORDER_STATE,
})

const theirs = (seq: number, table: string, fields: Fields): CanonicalOp => {
  const identity = { author: MIDDLE, stream: 0, seq }
  const at = { ms: seq, ctr: 0 }
  const row = opId(identity)
  return {
    ...identity,
    scope: SCOPE,
    lane: 'bulk',
    kind: 'fact',
    table,
    row,
    fields,
    at,
    person: null,
    hubEpoch: 1,
    hubSeq: seq,
    stamp: at,
  }
}

/** A device that wrote down an order, and a report on it, that another device wrote down as well. */
function withTwins(author: string) {
  const db = openDb(':memory:')
  migrate(db, readMigrations(join(RESOURCES_DIR, 'migrations', 'local')), 1)
  const store = new Store({ db, author, clock: () => 1_000, hooks: ROLLUPS, onChanged: () => undefined })
  store.setMeta('hub', '1')
  const write = (table: string, fields: Fields): string =>
    store.append([{ scope: SCOPE, lane: 'bulk', kind: 'fact', table, fields, person: null }])[0]!
  const own = write('orderLine', ORDER)
  write('orderState', stateOf(own))
  const other = theirs(1, 'orderLine', ORDER)
  store.applyCanonical([other, theirs(2, 'orderState', stateOf(other.row))])
  const all = (sql: string): string[] => db.prepare<[], string>(sql).pluck().all()
  return {
    store,
    own,
    other: other.row,
    lines: () => all('SELECT id FROM orderLine ORDER BY id'),
    named: () => all('SELECT DISTINCT orderLineId FROM orderState'),
    reports: () => all('SELECT id FROM orderState').length,
  }
}

it.each([
  ['smaller', LARGE, SMALL],
  ['larger', SMALL, LARGE],
])('of two records of one order the smaller id stands after one got a %s name', (_, before, after) => {
  const { store, own, other, lines, named, reports } = withTwins(before)
  expect(lines()).toStrictEqual([own < other ? own : other])
  renameFrom(store, after, { author: before, stream: 0, seq: 1 })
  const renamed = opId({ author: after, stream: 0, seq: 1 })
  const stands = renamed < other ? renamed : other
  expect(lines()).toStrictEqual([stands])
  expect(named()).toStrictEqual([stands])
  expect(reports()).toBe(2)
})

it('the other record stands, and what was said of it, when the hub rejects the one with the smaller id', () => {
  const { store, own, other, lines, named } = withTwins(SMALL)
  expect(lines()).toStrictEqual([own])
  store.applyVerdicts(
    [1, 2].map((seq) => ({
      author: SMALL,
      stream: 0,
      seq,
      verdict: { kind: 'rejected', reason: 'other-base' },
      hubEpoch: 1,
      hubSeq: 2 + seq,
      stamp: { ms: 9, ctr: 0 },
    })),
  )
  expect(lines()).toStrictEqual([other])
  expect(named()).toStrictEqual([other])
})
