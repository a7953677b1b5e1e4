import type { Coding, Compression } from './envelope.ts'

/** What is used of node:zlib; the zstd functions are missing in older runtimes. */
export interface ZlibFunctions {
  readonly constants: { readonly ZSTD_c_compressionLevel?: number }
  readonly gzipSync: (bytes: Uint8Array, options: { level: number }) => Uint8Array
  readonly gunzipSync: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array
  readonly zstdCompressSync?: (bytes: Uint8Array, options: { params: Record<number, number> }) => Uint8Array
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array
}

const ZSTD_LEVEL = 12

/** Compression by an injected zlib. Output is capped while it grows, not afterwards. */
export function compressionOf(zlib: ZlibFunctions, options: { zstd?: boolean } = {}): Compression {
  const pack = options.zstd === false ? undefined : zlib.zstdCompressSync
  const unpack = zlib.zstdDecompressSync
  const level = zlib.constants.ZSTD_c_compressionLevel
  const accepts: Coding[] = pack && unpack ? ['zstd', 'gzip', 'none'] : ['gzip', 'none']
  return {
    accepts,
    compress(coding, bytes) {
      if (coding === 'zstd' && pack)
        return pack(bytes, { params: level === undefined ? {} : { [level]: ZSTD_LEVEL } })
      return coding === 'gzip' ? zlib.gzipSync(bytes, { level: 9 }) : bytes
    },
    decompress(coding, bytes, maxBytes) {
      if (coding === 'zstd' && unpack) return unpack(bytes, { maxOutputLength: maxBytes })
      return coding === 'gzip' ? zlib.gunzipSync(bytes, { maxOutputLength: maxBytes }) : bytes
    },
  }
}
