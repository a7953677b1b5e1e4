import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { register, int, text, type Table } from '../../../shared/domain/table.ts'
import {
  applyToRow,
  conflictOf,
  groupsOf,
  isDeleted,
  LIFE,
  type RowState,
} from '../../../shared/ops/merge.ts'
import type { CanonicalOp, Fields, OpKind } from '../../../shared/ops/types.ts'

const slot: Table = register('slot', 'belt', {
  name: { label: text },
  time: { startMs: int, endMs: int },
})

function op(kind: OpKind, fields: Fields, ms: number, extra: Partial<CanonicalOp> = {}): CanonicalOp {
  return {
    author: 'aaaaaaaa',
    stream: 1,
    seq: 1,
    scope: 'belt',
    lane: 'register',
    kind,
    table: 'slot',
    row: 'r1',
    fields,
    at: { ms, ctr: 0 },
    person: null,
    hubEpoch: 1,
    hubSeq: 1,
    stamp: { ms, ctr: 0 },
    ...extra,
  }
}

const fold = (ops: readonly CanonicalOp[]): RowState | null =>
  ops.reduce<RowState | null>((state, one) => applyToRow(state, one, slot), null)

describe('register rule', () => {
  it('groups fields, and gives a field from a newer version a group of its own', () => {
    const groups = groupsOf(slot, { startMs: 1, endMs: 2, label: 'x', colour: 'red' })
    expect(Object.fromEntries(groups)).toStrictEqual({
      time: { startMs: 1, endMs: 2 },
      name: { label: 'x' },
      '?colour': { colour: 'red' },
    })
  })

  it('start and end of two writers never mix', () => {
    const state = fold([
      op('create', { label: 'x', startMs: 1, endMs: 2 }, 1),
      op('set', { startMs: 50, endMs: 60 }, 3, { author: 'bbbbbbbb' }),
      op('set', { startMs: 10, endMs: 20 }, 2, { author: 'cccccccc' }),
    ])
    expect(state?.time?.values).toStrictEqual({ startMs: 50, endMs: 60 })
  })

  it('gives one state for one set of ops in any order and with duplicates', () => {
    const anyOp = fc
      .record({
        kind: fc.constantFrom<OpKind>('create', 'set', 'set', 'delete', 'restore'),
        ms: fc.nat(5),
        author: fc.constantFrom('aaaaaaaa', 'bbbbbbbb'),
        value: fc.nat(99),
        group: fc.nat(2),
      })
      .map(({ kind, ms, author, value, group }, index = 0) => ({ kind, ms, author, value, group, index }))
    fc.assert(
      fc.property(
        fc
          .array(anyOp, { maxLength: 12 })
          .chain((items) =>
            fc.tuple(
              fc.constant(items),
              fc.shuffledSubarray([...items.keys(), ...items.keys()], { minLength: items.length * 2 }),
            ),
          ),
        ([items, order]) => {
          const ops = items.map(({ kind, ms, author, value, group }, index) => {
            const fields: Fields[] = [
              { label: `v${value}` },
              { startMs: value, endMs: value + 1 },
              { colour: value },
            ]
            const written = kind === 'create' || kind === 'set' ? fields[group]! : {}
            return op(kind, written, ms, { author, seq: index + 1 })
          })
          expect(fold(order.map((index) => ops[index]!))).toEqual(fold(ops))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('deletion', () => {
  const created = op('create', { label: 'x' }, 1)

  it('stays through a later edit, and the edit is reported', () => {
    const buried = fold([created, op('delete', {}, 2, { seq: 2 })])
    const edit = op('set', { label: 'y' }, 3, { author: 'bbbbbbbb' })
    expect(conflictOf(buried, edit)).toBe('edit-after-delete')
    const after = applyToRow(buried, edit, slot)
    expect(isDeleted(after)).toBe(true)
    expect(after.name?.values).toStrictEqual({ label: 'y' })
    expect(isDeleted(applyToRow(after, op('restore', {}, 4), slot))).toBe(false)
  })

  it('an older restore does not bring a row back', () => {
    const state = fold([
      created,
      op('delete', {}, 5, { seq: 2 }),
      op('restore', {}, 4, { author: 'bbbbbbbb' }),
    ])
    expect(state?.[LIFE]?.values).toStrictEqual({ deleted: true })
  })

  it('a deletion that buries a later edit is reported', () => {
    const edited = fold([created, op('set', { label: 'y' }, 9, { author: 'bbbbbbbb' })])
    expect(conflictOf(edited, op('delete', {}, 8))).toBe('delete-after-edit')
    expect(conflictOf(edited, op('delete', {}, 10))).toBeNull()
  })
})
