import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { register, int, text } from '../../../shared/domain/table.ts'
import { opId } from '../../../shared/ops/id.ts'
import { applyToRow, type RowState } from '../../../shared/ops/merge.ts'
import type { CanonicalOp, Fields, OpKind } from '../../../shared/ops/types.ts'
import { liveRow } from '../../../shared/wire/snapshot-live.ts'
import { forToday, type Candidate } from '../../../shared/wire/snapshot-today.ts'
import { manifestText, type Manifest } from '../../../shared/wire/snapshot.ts'

const TABLE = register('thing', 'base', { a: { x: int, y: int }, b: { z: text } })
const AUTHORS = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']

const op = (seq: number, draft: Partial<CanonicalOp> & { kind: OpKind; fields: Fields }): CanonicalOp => ({
  author: AUTHORS[0]!,
  stream: 1,
  seq,
  scope: 'base:x',
  lane: 'register',
  table: 'thing',
  row: 'aaaaaaaa011',
  at: { ms: seq, ctr: 0 },
  person: null,
  hubEpoch: 1,
  hubSeq: seq,
  stamp: { ms: seq, ctr: 0 },
  ...draft,
})

const edit = fc.record({
  kind: fc.constantFrom<OpKind>('set', 'set', 'set', 'delete', 'restore'),
  author: fc.constantFrom(...AUTHORS),
  ms: fc.integer({ min: 2, max: 9 }),
  ctr: fc.integer({ min: 0, max: 1 }),
  fields: fc.constantFrom<Fields>({ x: 1, y: 2 }, { x: 3, y: 4 }, { z: 'a' }, { z: 'b' }, { later: 1 }),
})

describe('what is left of a row', () => {
  it('says the same as all that was ever written to it, in whatever order it is read', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 30 }), fc.boolean(), (edits, backwards) => {
        const ops = [
          op(1, { kind: 'create', fields: { x: 0, y: 0, z: '' } }),
          ...edits.map(({ kind, author, ms, ctr, fields }, index) =>
            op(index + 2, {
              kind,
              author,
              stamp: { ms, ctr },
              fields: kind === 'set' ? fields : {},
            }),
          ),
        ]
        const state = (list: readonly CanonicalOp[]): RowState =>
          list.reduce<RowState | null>((row, one) => applyToRow(row, one, TABLE), null)!
        const live = liveRow(backwards ? ops.toReversed() : ops, TABLE)
        expect(state(live.ops)).toStrictEqual(state(ops))
        expect(new Set(live.ops.map(opId)).size).toBe(live.ops.length)
        expect(live.ops.map(({ hubSeq }) => hubSeq)).toStrictEqual(
          live.ops.map(({ hubSeq }) => hubSeq).sort((a, b) => a - b),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('keeps one write per field group, every kind it does not know, and every field of its own', () => {
    const ops = [
      op(1, { kind: 'create', fields: { x: 0, y: 0, z: '' } }),
      ...Array.from({ length: 50 }, (_, i) => op(i + 2, { kind: 'set', fields: { x: i, y: i } })),
      op(60, { kind: 'set', fields: { x: 7, y: 7, later: 'old' } }),
      op(61, { kind: 'set', fields: { x: 8, y: 8 } }),
      op(62, { kind: 'merge-rows' as OpKind, fields: { with: 'q' } }),
    ]
    const { ops: live, values } = liveRow(ops, TABLE)
    expect(live.map(({ seq }) => seq)).toStrictEqual([1, 60, 61, 62])
    expect(values).toMatchObject({ x: 8, y: 8, z: '' })
  })
})

describe('today', () => {
  const row = (table: string, id: string, values: Fields): Candidate => ({
    table,
    row: id,
    values,
    ops: [op(1, { kind: 'create', fields: values })],
  })
  const today = { startMs: 1_000_000_000, endMs: 1_086_400_000 }

  it('takes sessions around the day with what they name, and leaves the rest for later', () => {
    const rows = [
      row('liveBase', 'base', {}),
      row('liveSession', 'now', {
        status: 'planned',
        startMs: today.startMs + 5,
        endMs: today.startMs + 9,
        merchantId: 'm',
      }),
      row('liveSession', 'past', { status: 'ended', actualStartMs: 5, actualEndMs: 9 }),
      row('sessionSku', 'item', { sessionId: 'now', skuId: 'sku' }),
      row('sessionSku', 'old item', { sessionId: 'past', skuId: 'other' }),
      row('complaint', 'later', { merchantId: 'm' }),
      row('productionOrder', 'open', { status: 'open', skuId: 'sku' }),
      row('productionOrder', 'done', { status: 'done', skuId: 'sku' }),
    ]
    const chosen = [...forToday(rows, today)].map(({ row: id }) => id)
    expect(chosen.sort()).toStrictEqual(['base', 'item', 'now', 'open'])
  })
})

describe('a manifest', () => {
  it('is signed with every chunk and every stream in its place', () => {
    const manifest: Omit<Manifest, 'signature'> = {
      version: 1,
      belt: 'b',
      scope: 'belt',
      epoch: 2,
      seq: 9,
      usable: 1,
      chunks: [['h', 3, 4]],
      streams: [['aaaaaaaa', 1, 7, 'k']],
    }
    const text = manifestText(manifest)
    const others: Omit<Manifest, 'signature'>[] = [
      { ...manifest, epoch: 3 },
      { ...manifest, seq: 8 },
      { ...manifest, usable: 0 },
      { ...manifest, scope: 'base:x' },
      { ...manifest, chunks: [['h', 3, 5]] },
      { ...manifest, chunks: [], streams: [] },
      { ...manifest, streams: [['aaaaaaaa', 1, 8, 'k']] },
    ]
    for (const other of others) expect(manifestText(other)).not.toBe(text)
  })
})
