import { ByteWriter } from './bytes.ts'

/** SHA-256, injected: 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** The head of an empty stream. */
export function chainStart(sha256: Sha256, author: string, stream: number): Uint8Array {
  const out = new ByteWriter(32)
  out.text('chanbo chain 1')
  out.text(author)
  out.uint(stream)
  return sha256(out.finish())
}

/** The head after one more op; `opBytes` are those of `encodeOp`. */
export function chainNext(sha256: Sha256, previous: Uint8Array, opBytes: Uint8Array): Uint8Array {
  const joined = new Uint8Array(previous.length + opBytes.length)
  joined.set(previous)
  joined.set(opBytes, previous.length)
  return sha256(joined)
}
