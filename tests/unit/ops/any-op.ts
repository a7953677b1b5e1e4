import fc from 'fast-check'
import { opId } from '../../../shared/ops/id.ts'
import type { Op } from '../../../shared/ops/types.ts'

const value = fc
  .jsonValue({ maxDepth: 3 })
  .map((json) => JSON.parse(JSON.stringify(json)) as Op['fields'][string])
/** Ops of every kind, with arbitrary fields. */
export const anyOp: fc.Arbitrary<Op> = fc
  .record({
    author: fc.constantFrom('0123456a', 'zzzzzzzz'),
    stream: fc.nat(1023),
    seq: fc.integer({ min: 1, max: 2 ** 40 }),
    scope: fc.constantFrom('belt' as const, 'base:0123456a001' as const),
    lane: fc.constantFrom('urgent' as const, 'register' as const, 'fact' as const, 'bulk' as const),
    kind: fc.constantFrom(
      'create' as const,
      'set' as const,
      'delete' as const,
      'restore' as const,
      'fact' as const,
      'claim' as const,
    ),
    table: fc.constantFrom('merchant', 'sku', 'fromTheFuture'),
    row: fc.constantFrom('0123456a00a', 'x'),
    fields: fc.dictionary(fc.string({ maxLength: 12 }), value, { maxKeys: 6, noNullPrototype: true }),
    at: fc.record({ ms: fc.nat(2 ** 31), ctr: fc.nat(65535) }),
    person: fc.option(fc.constant('0123456a001')),
  })
  .map((op) =>
    op.kind === 'create' || op.kind === 'fact' || op.kind === 'claim' ? { ...op, row: opId(op) } : op,
  )
