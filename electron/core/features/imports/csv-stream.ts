import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { TextDecoder } from 'node:util'
import { CsvError, parse, type Parser } from 'csv-parse'
import { Refusal } from '../../../../shared/contract/result.ts'
import { SNIFF_BYTES, sniffEncoding, type TextEncodingName } from './encoding.ts'

/** A record longer than this has swallowed others behind a quote that was never closed. */
const LONGEST_RECORD = 262_144
const CHUNK_BYTES = 131_072

export interface CsvSource {
  readonly encoding: TextEncodingName
  readonly delimiter: string
  /** Every record of the file in order, the heading first; records without any text are left out. */
  readonly records: AsyncIterable<CsvRecord>
  /** SHA-256 of the file, hex. Complete once the records are. */
  hash(): string
  /** Bytes read so far. */
  bytesRead(): number
  /** The file's last byte ends a line. Known once the records are. */
  endsWithNewline(): boolean
}

export interface CsvRecord {
  readonly cells: readonly string[]
  /** 1 is the heading; records without text are counted, as a spreadsheet does. */
  readonly rowNo: number
}

/**
 * Opens a CSV file for streaming: a few chunks are in memory, however large it is.
 * @throws Refusal `file-empty`, `file-not-text`, and from the records `file-truncated`
 */
export async function openCsv(path: string): Promise<CsvSource> {
  const head = await readHead(path)
  const sniffed = sniffEncoding(head)
  if (!sniffed.ok)
    throw new Refusal(sniffed.code, sniffed.code === 'file-not-text' ? { kind: sniffed.kind } : {})
  const { encoding, bomBytes } = sniffed
  const delimiter = guessDelimiter(
    new TextDecoder(encoding).decode(head.subarray(bomBytes), { stream: true }),
  )
  const hash = createHash('sha256')
  const seen = { bytes: 0, last: 0 }
  let digest: string | null = null

  async function* text(): AsyncGenerator<string | Buffer> {
    const decoder = encoding === 'utf-8' ? null : new TextDecoder(encoding)
    let skip = bomBytes
    for await (const chunk of createReadStream(path, {
      highWaterMark: CHUNK_BYTES,
    }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      seen.bytes += chunk.length
      seen.last = chunk[chunk.length - 1] ?? seen.last
      const body = skip > 0 ? chunk.subarray(skip) : chunk
      skip = Math.max(0, skip - chunk.length)
      yield decoder ? decoder.decode(body, { stream: true }) : body
    }
    const rest = decoder?.decode()
    if (rest) yield rest
  }

  async function* records(): AsyncGenerator<CsvRecord> {
    const parser = csvParser(delimiter)
    const feeding = feed(text(), parser)
    let rowNo = 0
    try {
      for await (const cells of parser as AsyncIterable<string[]>) {
        rowNo++
        if (cells.length > 1 || (cells[0] ?? '').trim() !== '') yield { cells, rowNo }
      }
    } catch (error) {
      if (error instanceof CsvError) throw new Refusal('file-truncated', { row: rowNo + 1 })
      throw error
    } finally {
      parser.destroy()
      await feeding
    }
  }

  return {
    encoding,
    delimiter,
    records: { [Symbol.asyncIterator]: records },
    hash: () => (digest ??= hash.digest('hex')),
    bytesRead: () => seen.bytes,
    // In UTF-16 the newline is one of the last two bytes; 0x0A or the zero beside it.
    endsWithNewline: () =>
      seen.last === 0x0a || seen.last === 0x0d || (encoding === 'utf-16le' && seen.last === 0),
  }
}

function csvParser(delimiter: string): Parser {
  return parse({
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: false,
    max_record_size: LONGEST_RECORD,
    record_delimiter: ['\r\n', '\n', '\r'],
  })
}

/** Pushes text into the parser no faster than its records are taken. Errors of the source reach the reader of the records. */
async function feed(source: AsyncIterable<string | Buffer>, parser: Parser): Promise<void> {
  try {
    for await (const piece of source) {
      if (parser.destroyed) return
      if (!parser.write(piece)) await untilDrained(parser)
    }
    if (!parser.destroyed) parser.end()
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

function untilDrained(parser: Parser): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of ['drain', 'close', 'error']) parser.off(event, settle)
      resolve()
    }
    for (const event of ['drain', 'close', 'error']) parser.once(event, settle)
  })
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(SNIFF_BYTES)
    const { bytesRead } = await file.read(buffer, 0, SNIFF_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The separator that occurs most in the heading, outside quotes; comma when there is none. */
export function guessDelimiter(text: string): string {
  const counts = new Map([
    [',', 0],
    ['\t', 0],
    [';', 0],
  ])
  let quoted = false
  for (const character of text) {
    if (character === '"') quoted = !quoted
    else if (!quoted && (character === '\n' || character === '\r')) break
    else if (!quoted && counts.has(character)) counts.set(character, counts.get(character)! + 1)
  }
  let best = ','
  for (const [delimiter, count] of counts) if (count > counts.get(best)!) best = delimiter
  return best
}
