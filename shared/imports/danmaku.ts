import { plainText } from './cells.ts'

/** One comment as a recording has it. */
export interface DanmakuLine {
  /** `offset`: ms since the recording began; `epoch`: ms since 1970. */
  readonly clock: 'offset' | 'epoch'
  readonly atMs: number
  /** One line of text from a stranger, harmless to show; telephone numbers are masked. */
  readonly body: string
  /** The platform's name for who wrote it; never stored as it is. */
  readonly viewer: string | null
  /** A telephone number was masked. */
  readonly masked: boolean
}

export interface DanmakuTally {
  readonly format: 'bilibili-xml' | 'jsonl'
  /** Elements or lines that could not be read. */
  readonly unreadable: number
  /** The recording stops in the middle: what was whole before has been read. */
  readonly cutOff: boolean
}

/** An element or line longer than this is no comment. */
const LONGEST = 64 * 1024
const PHONE = /(?<!\d)1[3-9]\d{9}(?!\d)/g
const COMMENT = /^<(d|sc)\b([^>]*)>([^<]*)<\/\1\s*>/
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
/** Below this a stamp counts from the start of the recording; seconds up to the next bound, ms above. */
const FIRST_EPOCH_S = 1_000_000_000
const FIRST_EPOCH_MS = 100_000_000_000

const decode = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, dec, hex, name) => {
    if (typeof name === 'string') return ENTITIES[name.toLowerCase()] ?? whole
    const code = typeof dec === 'string' ? Number(dec) : parseInt(String(hex), 16)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ''
  })

function lineOf(
  clock: DanmakuLine['clock'],
  atMs: number,
  text: string,
  viewer: string | null,
): DanmakuLine | null {
  const shown = plainText(text.normalize('NFC')).trim()
  if (shown === '' || !Number.isSafeInteger(atMs) || atMs < 0) return null
  const body = shown.replace(PHONE, (number) => `${number.slice(0, 3)}********`)
  return { clock, atMs, body, viewer: viewer || null, masked: body !== shown }
}

/**
 * Reads a recording of comments in pieces of any size: Bilibili XML, that of BililiveRecorder (also one that stops in the
 * middle), and JSON lines with `event_ms` or `timestamp` beside `content`.
 */
export class DanmakuReader {
  #rest = ''
  #format: DanmakuTally['format'] | null = null
  #unreadable = 0
  #closed = false
  #skipping = false

  /** Null as long as nothing but blanks has come. @throws RangeError for a file that is neither format */
  push(text: string): DanmakuLine[] {
    this.#rest += this.#format === null ? text.replace(/^\uFEFF?\s*/, '') : text
    if (this.#rest === '') return []
    this.#format ??= this.#rest.startsWith('<') ? 'bilibili-xml' : this.#rest.startsWith('{') ? 'jsonl' : null
    if (this.#format === null) throw new RangeError('neither XML nor JSON lines')
    return this.#format === 'jsonl' ? this.#lines() : this.#elements()
  }

  /** The last comments and what was lost. @throws RangeError for an empty file */
  end(): { lines: DanmakuLine[]; tally: DanmakuTally } {
    if (this.#format === null) throw new RangeError('empty')
    let lines: DanmakuLine[] = []
    let cutOff = this.#format === 'bilibili-xml' && !this.#closed
    if (this.#format === 'jsonl' && this.#rest.trim() !== '') {
      const before = this.#unreadable
      lines = this.#jsonLine(this.#rest)
      cutOff = this.#unreadable > before
    }
    return { lines, tally: { format: this.#format, unreadable: this.#unreadable, cutOff } }
  }

  #elements(): DanmakuLine[] {
    const found: DanmakuLine[] = []
    let at = 0
    for (;;) {
      const open = this.#rest.indexOf('<', at)
      if (open < 0) {
        this.#rest = ''
        return found
      }
      const isComment = /^<(?:d|sc)[\s>]/.test(this.#rest.slice(open, open + 4))
      const end = isComment ? this.#endOfComment(open) : this.#rest.indexOf('>', open)
      if (end < 0) {
        this.#rest = this.#rest.slice(open)
        if (this.#rest.length <= LONGEST) return found
        // No comment is that long: what follows is looked at again from the next element on.
        this.#unreadable++
        this.#rest = this.#rest.slice(1)
        at = 0
        continue
      }
      const element = this.#rest.slice(open, end + 1)
      if (isComment) found.push(...this.#comment(element))
      else if (/^<\/i\s*>/.test(element)) this.#closed = true
      at = end + 1
    }
  }

  #endOfComment(open: number): number {
    const close = this.#rest.indexOf('</', open)
    return close < 0 ? -1 : this.#rest.indexOf('>', close)
  }

  #comment(element: string): DanmakuLine[] {
    const match = COMMENT.exec(element)
    const attribute = (name: string): string =>
      new RegExp(`\\b${name}="([^"]*)"`).exec(match?.[2] ?? '')?.[1] ?? ''
    const fields = attribute('p').split(',')
    // A paid comment carries its time by itself.
    const seconds = match?.[1] === 'sc' ? attribute('ts') : fields[0]
    const atMs = seconds && /^\d{1,7}(\.\d+)?$/.test(seconds) ? Math.round(Number(seconds) * 1000) : -1
    const viewer = match?.[1] === 'sc' ? attribute('user') : (fields[6] ?? '')
    const line = match && lineOf('offset', atMs, decode(match[3] ?? ''), decode(viewer))
    if (!line) this.#unreadable++
    return line ? [line] : []
  }

  #lines(): DanmakuLine[] {
    const lines = this.#rest.split('\n')
    this.#rest = lines.pop() ?? ''
    const found = lines.flatMap((line) => {
      const isTail = this.#skipping
      this.#skipping = false
      return isTail ? [] : this.#jsonLine(line)
    })
    if (this.#rest.length > LONGEST) {
      if (!this.#skipping) this.#unreadable++
      this.#skipping = true
      this.#rest = ''
    }
    return found
  }

  #jsonLine(text: string): DanmakuLine[] {
    if (text.trim() === '' || this.#skipping) return []
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      value = null
    }
    const row = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
    const stamp = Number(row['event_ms'] ?? row['timestamp'] ?? NaN)
    const content = row['content']
    const isEpoch = stamp >= FIRST_EPOCH_S
    const atMs = Math.round(isEpoch && stamp < FIRST_EPOCH_MS ? stamp * 1000 : stamp)
    // Names of people are larger numbers than JSON keeps exact: they are taken as they are written.
    const viewer = /"(?:user_id|userId|uid)"\s*:\s*(?:"([^"\\]{1,80})"|(\d{1,40}))/.exec(text)
    const line =
      typeof content === 'string'
        ? lineOf(isEpoch ? 'epoch' : 'offset', atMs, content, viewer?.[1] ?? viewer?.[2] ?? null)
        : null
    if (!line) this.#unreadable++
    return line ? [line] : []
  }
}
