import { createHash } from 'node:crypto'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Store } from '../../electron/core/store/store.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb, type Db } from '../../electron/sqlite/open.ts'
import { tableNamed } from '../../shared/domain/tables.ts'
import { opId } from '../../shared/ops/id.ts'
import type { CanonicalOp, Fields, OpKind } from '../../shared/ops/types.ts'
import { RESOURCES } from '../helpers/sync-rig.ts'
import { ORDER_STATE } from '../fixtures/rows.ts'

/** Everything that must be equal on replicas that have seen the same ops; arrival order and the inbox may differ. */
const STATE_TABLES = [
  'merchant',
  'booking',
  'resourceGrant',
  'claimAnswer',
  'orderLine',
  'orderState',
  'bookingState',
]
const AUTHORS = ['0000000a', '0000000b', 'zzzzzzzz'] as const

let db: Db
let store: Store
beforeAll(() => {
  db = openDb(':memory:')
  migrate(db, readMigrations(join(RESOURCES, 'migrations', 'local')), 0)
  store = new Store({ db, author: '1234567a', clock: () => 5, hooks: [], onChanged: () => undefined })
})
afterAll(() => db.close())

interface Draft {
  readonly kind: 'create' | 'set' | 'delete' | 'restore' | 'order' | 'state' | 'grant' | 'answer' | 'claim'
  readonly author: (typeof AUTHORS)[number]
  readonly ms: number
  readonly target: number
  readonly value: number
}

const anyDraft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom(
    'create' as const,
    'set' as const,
    'set' as const,
    'delete' as const,
    'restore' as const,
    'order' as const,
    'state' as const,
    'claim' as const,
    'grant' as const,
    'answer' as const,
  ),
  author: fc.constantFrom(...AUTHORS),
  // Few readings, so that stamps tie often.
  ms: fc.nat(6),
  target: fc.nat(3),
  value: fc.nat(9),
})

const TABLE_OF = {
  order: 'orderLine',
  state: 'orderState',
  grant: 'resourceGrant',
  answer: 'claimAnswer',
  claim: 'booking',
} as const

/** Canonical ops in hub order: unique identities, rows that are referred to before, after or never made. */
function canonicalOps(drafts: readonly Draft[]): CanonicalOp[] {
  const seqs = new Map<string, number>()
  const rows = { merchant: [] as string[], orderLine: [] as string[], booking: [] as string[] }
  const identities = drafts.map((draft) => {
    const register = !(draft.kind in TABLE_OF)
    const stream = register ? 0 : 1
    const key = `${draft.author} ${stream}`
    const seq = (seqs.get(key) ?? 0) + 1
    seqs.set(key, seq)
    const identity = { author: draft.author, stream, seq }
    if (draft.kind === 'create') rows.merchant.push(opId(identity))
    if (draft.kind === 'order') rows.orderLine.push(opId(identity))
    if (draft.kind === 'claim') rows.booking.push(opId(identity))
    return identity
  })
  const pick = (list: readonly string[], index: number) =>
    list[index % Math.max(1, list.length)] ?? 'zzzzzzzz0099'
  return drafts.map((draft, index) => {
    const identity = identities[index]!
    const table = draft.kind in TABLE_OF ? TABLE_OF[draft.kind as keyof typeof TABLE_OF] : 'merchant'
    const kind: OpKind =
      draft.kind === 'claim' ? 'claim' : table === 'merchant' ? (draft.kind as OpKind) : 'fact'
    const { lane, scope } = tableNamed(table)
    return {
      ...identity,
      scope: scope === 'belt' ? 'belt' : 'base:0000000a001',
      lane,
      kind,
      table,
      row:
        kind === 'create' || kind === 'fact' || kind === 'claim'
          ? opId(identity)
          : pick(rows.merchant, draft.target),
      fields: fieldsOf(draft, (list, at) => pick(rows[list], at)),
      at: { ms: draft.ms, ctr: 0 },
      person: null,
      hubEpoch: 1,
      hubSeq: index + 1,
      stamp: { ms: draft.ms, ctr: 0 },
    }
  })
}

function fieldsOf(
  draft: Draft,
  pick: (list: 'merchant' | 'orderLine' | 'booking', at: number) => string,
): Fields {
  const { value, target } = draft
  const credit = { creditGrade: 'ABCD'[value % 4]!, listStatus: 'none', creditReason: `r${value}` }
  const identity = { name: `n${value}`, shortName: 'n', baseId: '0000000a001' }
  const profile = { sizeClass: 'middle', returnRatePct: value }
  switch (draft.kind) {
    case 'create':
      return { ...identity, ...profile, ...credit }
    case 'set':
      return [identity, profile, credit, { ...identity, ...credit }][target]!
    case 'delete':
    case 'restore':
      return {}
    case 'claim':
      return {
        baseId: '0000000a001',
        sessionId: null,
        merchantId: null,
        label: 'x',
        studioId: 's',
        streamerIds: [],
        kit: [],
        startMs: value,
        endMs: value + 5,
        beforeMin: 0,
        afterMin: 0,
        expiresMs: null,
      }
    case 'order':
      return {
        source: 'doudian',
        orderNo: `o${target}`,
        subOrderNo: `s${target}`,
        merchantId: pick('merchant', value),
        skuId: null,
        sessionId: null,
        skuCode: '',
        productName: `p${value}`,
        quantity: value,
        isGift: false,
        orderedMs: 1,
        paidMs: null,
        payableFen: value,
        paidFen: value,
        promisedMs: null,
        provinceName: '',
      }
    case 'state':
      return {
        orderLineId: pick('orderLine', target),
        asOfMs: value,
        status: 'paid',
        ...ORDER_STATE,
      }
    case 'grant':
      return {
        bookingId: pick('booking', target),
        resourceKey: 'studio:s',
        unit: 1,
        startMs: value * 10,
        endMs: value * 10 + 10,
        fence: draft.ms * 10 + value,
        term: 1,
      }
    case 'answer':
      return {
        bookingId: pick('booking', target),
        outcome: ['granted', 'released', 'refused', 'revoked'][value % 4]!,
        reason: '',
        alternatives: [],
        heldBy: null,
        term: 1,
        atMs: draft.ms,
      }
  }
}

class Undo extends Error {}

/** State after these ops, taken in this order and cut into these pieces; the store is as before afterwards. */
function stateAfter(pieces: readonly (readonly CanonicalOp[])[]): string {
  let state = ''
  try {
    store.transact(() => {
      for (const piece of pieces) store.applyCanonical(piece)
      const rows = STATE_TABLES.map((table) => db.prepare(`SELECT * FROM ${table} ORDER BY 1`).all())
      const grants = db
        .prepare('SELECT bookingId, resourceKey, unit, startMs, endMs, fence FROM liveGrant ORDER BY grantId')
        .all()
      const cells = db
        .prepare('SELECT tbl, row, grp, stampMs, stampCtr, stampBy FROM cell ORDER BY tbl, row, grp')
        .all()
      state = JSON.stringify([rows, grants, cells])
      throw new Undo()
    })
  } catch (error) {
    if (!(error instanceof Undo)) throw error
  }
  return createHash('sha256').update(state).digest('hex')
}

const anyHistory = fc.array(anyDraft, { minLength: 1, maxLength: 10 }).chain((drafts) => {
  const indexes = [...drafts.keys()]
  return fc.tuple(
    fc.constant(drafts),
    fc.shuffledSubarray([...indexes, ...indexes], { minLength: indexes.length }),
    fc.integer({ min: 1, max: 5 }),
  )
})

/** Ops in a shuffled order with duplicates; whatever the shuffle left out arrives last, as after a partition. */
function arrivals(ops: readonly CanonicalOp[], order: readonly number[], size: number): CanonicalOp[][] {
  const missing = [...ops.keys()].filter((index) => !order.includes(index))
  const all = [...order, ...missing].map((index) => ops[index]!)
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, at * size + size),
  )
}

describe('replicas that have seen the same canonical ops', () => {
  it('have the same state, whatever the order, duplicates and partitions (2,000 histories)', () => {
    fc.assert(
      fc.property(anyHistory, ([drafts, order, size]) => {
        const ops = canonicalOps(drafts)
        expect(stateAfter(arrivals(ops, order, size))).toBe(stateAfter([ops]))
      }),
      { numRuns: 2000 },
    )
  }, 180_000)
})
