import zlib from 'node:zlib'
import type { Coding, Compression } from '../../shared/wire/envelope.ts'

const ZSTD_LEVEL = 12
const hasZstd = typeof zlib.zstdCompressSync === 'function'

/** Compression by node:zlib; zstd only where this Node has it. Output is capped while it grows, not afterwards. */
export function nodeCompression(options: { zstd?: boolean } = {}): Compression {
  const zstd = hasZstd && options.zstd !== false
  const accepts: Coding[] = zstd ? ['zstd', 'gzip', 'none'] : ['gzip', 'none']
  return {
    accepts,
    compress(coding, bytes) {
      if (coding === 'zstd')
        return zlib.zstdCompressSync(bytes, {
          params: { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
        })
      return coding === 'gzip' ? zlib.gzipSync(bytes, { level: 9 }) : bytes
    },
    decompress(coding, bytes, maxBytes) {
      if (coding === 'zstd') return zlib.zstdDecompressSync(bytes, { maxOutputLength: maxBytes })
      return coding === 'gzip' ? zlib.gunzipSync(bytes, { maxOutputLength: maxBytes }) : bytes
    },
  }
}
