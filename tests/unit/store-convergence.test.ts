import { createHash } from 'node:crypto'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CanonicalOp, Op } from '../../shared/ops/types.ts'
import { opId } from '../../shared/ops/id.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb, type Db } from '../../electron/sqlite/open.ts'
import { ROLLUPS } from '../../electron/core/registry.ts'
import { Store } from '../../electron/core/store/store.ts'
import { RESOURCES_DIR } from '../helpers/core.ts'
import { BOOKING, MERCHANT, ORDER_STATE } from '../fixtures/rows.ts'

const OWN = 'ownauth0'
const OTHERS = ['authora0', 'authorb0']
const TABLES_SEEN = [
  'merchant',
  'booking',
  'bookingState',
  'liveGrant',
  'orderLine',
  'orderState',
  'claimAnswer',
  'resourceGrant',
  'stockMove',
]

function memoryStore(): { db: Db; store: () => Store } {
  const db = openDb(':memory:')
  migrate(db, readMigrations(join(RESOURCES_DIR, 'migrations', 'local')), 1)
  return {
    db,
    store: () =>
      new Store({ db, author: OWN, clock: () => 1_000, hooks: ROLLUPS, onChanged: () => undefined }),
  }
}

/** Runs in a transaction that is rolled back, so that thousands of runs can share one schema. */
function inStore<T>(box: ReturnType<typeof memoryStore>, work: (store: Store) => T): T {
  box.db.exec('SAVEPOINT run')
  try {
    return work(box.store())
  } finally {
    box.db.exec('ROLLBACK TO run')
    box.db.exec('RELEASE run')
  }
}

/** Hash of everything the canonical ops decide. Arrival order (op.n) and derived bookkeeping are not part of it. */
function stateHash(db: Db): string {
  const hash = createHash('sha256')
  for (const table of TABLES_SEEN) {
    const key = table === 'bookingState' ? 'bookingId' : table === 'liveGrant' ? 'grantId' : 'id'
    hash.update(table)
    for (const row of db.prepare(`SELECT * FROM ${table} ORDER BY ${key}`).all())
      hash.update(JSON.stringify(row))
  }
  for (const row of db
    .prepare('SELECT tbl, row, grp, stampMs, stampCtr, stampBy FROM cell ORDER BY tbl, row, grp')
    .all())
    hash.update(JSON.stringify(row))
  return hash.digest('hex')
}

type Draft = Pick<Op, 'kind' | 'table' | 'fields'> & { row?: string }

const OWN_MERCHANT = {
  ...MERCHANT,
  name: '甲',
  shortName: '甲',
  baseId: 'base0',
}

/** A history by two authors that edits, deletes and restores shared rows, records the same orders twice, claims and answers. */
const historyArbitrary = fc
  .array(
    fc.record({
      who: fc.nat(1),
      what: fc.constantFrom(
        'create',
        'name',
        'credit',
        'delete',
        'restore',
        'order',
        'state',
        'claim',
        'grant',
        'answer',
        'stock',
      ),
      target: fc.nat(5),
      value: fc.nat(4),
      aheadMs: fc.integer({ min: -50, max: 50 }),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map((steps) => {
    const ops: CanonicalOp[] = []
    const merchants: string[] = []
    const orders: string[] = []
    const bookings: string[] = []
    const seqs = new Map<string, number>()
    const pick = (list: string[], index: number) => list[index % Math.max(1, list.length)]
    steps.forEach((step, index) => {
      const author = OTHERS[step.who]!
      const draft = draftOf(
        step.what,
        step.value,
        pick(merchants, step.target),
        pick(orders, step.target),
        pick(bookings, step.target),
      )
      const lane =
        draft.kind === 'fact' || draft.kind === 'claim'
          ? draft.table === 'orderLine' || draft.table === 'orderState'
            ? 'bulk'
            : 'urgent'
          : 'register'
      const stream = ['register', 'urgent', 'bulk'].indexOf(lane)
      const seq = (seqs.get(author + lane) ?? 0) + 1
      seqs.set(author + lane, seq)
      const id = opId({ author, stream, seq })
      ops.push({
        author,
        stream,
        seq,
        scope: 'belt',
        lane,
        kind: draft.kind,
        table: draft.table,
        row: draft.row ?? id,
        fields: draft.fields,
        at: { ms: 1000 + index * 10 + step.aheadMs, ctr: 0 },
        person: null,
        hubEpoch: 1,
        hubSeq: index + 1,
        stamp: { ms: 1000 + index * 10 + step.aheadMs, ctr: step.who },
      })
      if (draft.kind === 'create') merchants.push(id)
      if (draft.table === 'orderLine') orders.push(id)
      if (draft.kind === 'claim') bookings.push(id)
    })
    return ops
  })

function draftOf(what: string, value: number, merchant?: string, order?: string, booking?: string): Draft {
  const create: Draft = {
    kind: 'create',
    table: 'merchant',
    fields: { ...OWN_MERCHANT, name: `商家${value}` },
  }
  switch (what) {
    case 'name':
      return merchant
        ? {
            kind: 'set',
            table: 'merchant',
            row: merchant,
            fields: { name: `改${value}`, shortName: `${value}`, baseId: 'base0' },
          }
        : create
    case 'credit':
      return merchant
        ? {
            kind: 'set',
            table: 'merchant',
            row: merchant,
            fields: { creditGrade: 'ABCD'[value % 4]!, listStatus: 'none', creditReason: `${value}` },
          }
        : create
    case 'delete':
    case 'restore':
      return merchant ? { kind: what, table: 'merchant', row: merchant, fields: {} } : create
    case 'order':
      return {
        kind: 'fact',
        table: 'orderLine',
        fields: {
          source: 'doudian',
          orderNo: `o${value}`,
          subOrderNo: `o${value}`,
          merchantId: null,
          skuId: null,
          sessionId: null,
          skuCode: 'x',
          productName: '竿',
          quantity: 1,
          isGift: false,
          orderedMs: 1,
          paidMs: 2,
          payableFen: 100,
          paidFen: 100 + value,
          promisedMs: null,
          provinceName: '',
        },
      }
    case 'state':
      return order
        ? {
            kind: 'fact',
            table: 'orderState',
            fields: {
              orderLineId: order,
              asOfMs: 10 + value,
              status: 'to-ship',
              ...ORDER_STATE,
            },
          }
        : create
    case 'claim':
      return {
        kind: 'claim',
        table: 'booking',
        fields: {
          ...BOOKING,
          baseId: 'base0',
          studioId: 's1',
          startMs: value * 10,
          endMs: value * 10 + 5,
        },
      }
    case 'grant':
      return booking
        ? {
            kind: 'fact',
            table: 'resourceGrant',
            fields: {
              bookingId: booking,
              resourceKey: 'studio:s1',
              unit: 1,
              startMs: value,
              endMs: value + 1,
              fence: value,
              term: 1,
            },
          }
        : create
    case 'answer':
      return booking
        ? {
            kind: 'fact',
            table: 'claimAnswer',
            fields: {
              bookingId: booking,
              outcome: ['granted', 'refused', 'released', 'granted', 'expired'][value]!,
              reason: '',
              alternatives: [],
              heldBy: null,
              term: 1,
              atMs: value,
            },
          }
        : create
    case 'stock':
      return {
        kind: 'fact',
        table: 'stockMove',
        fields: { skuId: 'sku1', quantity: value - 2, reason: 'count', atMs: value, sourceKey: null },
      }
    default:
      return create
  }
}

/** A delivery: every op at least once, in any order, some twice, cut into batches as partitions would. */
const deliveryOf = (ops: CanonicalOp[]) =>
  fc
    .tuple(
      fc.shuffledSubarray(ops, { minLength: ops.length, maxLength: ops.length }),
      fc.subarray(ops),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
    )
    .map(([order, again, cuts]) => {
      const all = [...order, ...again]
      const batches: CanonicalOp[][] = []
      for (let at = 0, cut = 0; at < all.length; cut++) {
        const size = cuts[cut % cuts.length]!
        batches.push(all.slice(at, at + size))
        at += size
      }
      return batches
    })

describe('the store', () => {
  const box = memoryStore()

  it('reaches the same state from the same canonical ops in any order, with duplicates and in any batches', () => {
    fc.assert(
      fc.property(
        historyArbitrary.chain((ops) => fc.tuple(fc.constant(ops), deliveryOf(ops))),
        ([ops, batches]) => {
          const inOrder = inStore(box, (store) => {
            store.applyCanonical(ops)
            return stateHash(box.db)
          })
          const shuffled = inStore(box, (store) => {
            for (const batch of batches) store.applyCanonical(batch)
            return stateHash(box.db)
          })
          expect(shuffled).toBe(inOrder)
        },
      ),
      { numRuns: 2000 },
    )
  }, 120_000)

  it('ends where everyone else does, whatever it had written itself in between', () => {
    fc.assert(
      fc.property(historyArbitrary, fc.nat(10), fc.nat(3), (ops, at, grade) => {
        const merchants = ops.filter((op) => op.kind === 'create').map((op) => op.row)
        const target = merchants[0]
        if (target === undefined) return
        const results = inStore(box, (store) => {
          const cut = Math.min(at, ops.length)
          store.applyCanonical(ops.slice(0, cut))
          if (!box.db.prepare('SELECT 1 FROM merchant WHERE id = ?').get(target)) return null
          store.setMeta('hub', 'test')
          store.append([
            {
              scope: 'belt',
              lane: 'register',
              kind: 'set',
              table: 'merchant',
              row: target,
              person: null,
              fields: { creditGrade: 'ABCD'[grade]!, listStatus: 'watch', creditReason: 'own' },
            },
          ])
          const seen = box.db.prepare('SELECT creditReason FROM merchant WHERE id = ?').get(target) as {
            creditReason: string
          }
          store.applyCanonical(ops.slice(cut))
          const still = box.db.prepare('SELECT creditReason FROM merchant WHERE id = ?').get(target) as {
            creditReason: string
          }
          const own = box.db.prepare(`SELECT * FROM op WHERE author = ?`).get(OWN) as {
            stream: number
            seq: number
            fields: string
            atMs: number
            atCtr: number
          }
          const stamp = { ms: own.atMs, ctr: own.atCtr }
          store.applyVerdicts([
            {
              author: OWN,
              stream: own.stream,
              seq: own.seq,
              verdict: { kind: 'applied' },
              hubEpoch: 1,
              hubSeq: 999,
              stamp,
            },
          ])
          const canonical: CanonicalOp = {
            author: OWN,
            stream: own.stream,
            seq: own.seq,
            scope: 'belt',
            lane: 'register',
            kind: 'set',
            table: 'merchant',
            row: target,
            fields: JSON.parse(own.fields) as CanonicalOp['fields'],
            at: stamp,
            person: null,
            hubEpoch: 1,
            hubSeq: 999,
            stamp,
          }
          return { seen: seen.creditReason, still: still.creditReason, hash: stateHash(box.db), canonical }
        })
        if (!results) return
        // Own unsettled work shows at once and stays on top of whatever arrives.
        expect(results.seen).toBe('own')
        expect(results.still).toBe('own')
        const elsewhere = inStore(box, (store) => {
          store.applyCanonical([...ops, results.canonical])
          return stateHash(box.db)
        })
        expect(results.hash).toBe(elsewhere)
      }),
      { numRuns: 500 },
    )
  }, 60_000)
})
