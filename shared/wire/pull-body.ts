import { ByteReader, DecodeError } from '../ops/bytes.ts'
import { pullHeadSchema, type PullHead } from './messages.ts'

/**
 * The head of an answer to a pull: its length in four bytes (little-endian), JSON, then the envelopes from `at` on.
 * @throws DecodeError for one that ends before; SyntaxError or ZodError for a head that is none
 */
export function readPullHead(body: Uint8Array): { head: PullHead; at: number } {
  if (body.length < 4) throw new DecodeError('ends early')
  const length = new DataView(body.buffer, body.byteOffset, 4).getUint32(0, true)
  const text = new ByteReader(body.subarray(4)).utf8(length)
  return { head: pullHeadSchema.parse(JSON.parse(text)), at: 4 + length }
}
