import { DecodeError } from '../ops/bytes.ts'

/** Compression by its byte on the wire. */
export const CODINGS = ['none', 'gzip', 'zstd'] as const
export type Coding = (typeof CODINGS)[number]

/** Injected compression; `decompress` must refuse output beyond `maxBytes`. */
export interface Compression {
  /** What this side can read, best first. */
  readonly accepts: readonly Coding[]
  compress(coding: Coding, bytes: Uint8Array): Uint8Array
  decompress(coding: Coding, bytes: Uint8Array, maxBytes: number): Uint8Array
}

/** Decompressed size above which an envelope is refused. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

/** The best coding both sides have. */
export function chooseCoding(own: readonly Coding[], peer: readonly string[]): Coding {
  return own.find((coding) => peer.includes(coding)) ?? 'none'
}

/** One byte for the coding, then the compressed bytes; plain when compressing does not pay. */
export function seal(compression: Compression, coding: Coding, body: Uint8Array): Uint8Array {
  const packed = coding === 'none' ? body : compression.compress(coding, body)
  const used: Coding = packed.length < body.length ? coding : 'none'
  const payload = used === 'none' ? body : packed
  const out = new Uint8Array(payload.length + 1)
  out[0] = CODINGS.indexOf(used)
  out.set(payload, 1)
  return out
}

/** @throws DecodeError for an unknown coding, damaged bytes or a body that grows beyond `maxBytes` */
export function unseal(
  compression: Compression,
  envelope: Uint8Array,
  maxBytes = MAX_BODY_BYTES,
): Uint8Array {
  const coding = CODINGS[envelope[0] ?? -1]
  if (!coding || (coding !== 'none' && !compression.accepts.includes(coding)))
    throw new DecodeError('unknown compression')
  const payload = envelope.subarray(1)
  if (coding === 'none') {
    if (payload.length > maxBytes) throw new DecodeError('body too large')
    return payload
  }
  try {
    return compression.decompress(coding, payload, maxBytes)
  } catch (error) {
    throw new DecodeError(`cannot decompress: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}
