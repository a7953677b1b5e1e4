import { equalBytes } from '../../../shared/ops/bytes.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Store } from '../store/store.ts'

/** Whether what this store has sent as that op is what the hub has: a copy of the store may have sent another. */
export function isOnChain(
  store: Store,
  op: { author: string; stream: number; seq: number; hash: Uint8Array },
): boolean {
  const own = prepared<[string, number, number], { hash: Uint8Array | null }>(
    store.db,
    'SELECT hash FROM op WHERE author = ? AND stream = ? AND seq = ?',
  ).get(op.author, op.stream, op.seq)
  return own !== undefined && own.hash !== null && equalBytes(own.hash, op.hash)
}
