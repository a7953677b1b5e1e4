import { createHash } from 'node:crypto'
import { parsePart, PART_HEADER } from '../../../shared/wire/messages.ts'

interface Request {
  readonly isPush: boolean
  /** Name of the body: told in the head, or its own hash. */
  readonly id: string | null
  readonly size: number
  left: number
  readonly chunks: Buffer[]
}

/** Reads the requests that pass a link, as far as they pass it, and counts the bytes of batches: those that had to, and all. */
export class BodyCounter {
  /** Bytes of batch bodies that passed, however often. */
  passed = 0
  /** Heads of all requests. */
  heads = 0
  readonly #whole = new Map<string, number>()

  /** Bytes of the distinct batches that got through. */
  get distinct(): number {
    let sum = 0
    for (const size of this.#whole.values()) sum += size
    return sum
  }

  /** Bytes that passed more than once. */
  get resent(): number {
    return this.passed - this.distinct
  }

  get resentPct(): number {
    return this.distinct === 0 ? 0 : (100 * this.resent) / this.distinct
  }

  /** A reader for one connection's bytes. */
  connection(): (bytes: Buffer) => void {
    let head = Buffer.alloc(0)
    let request: Request | null = null
    return (bytes) => {
      let rest = bytes
      while (rest.length > 0) {
        if (request) {
          const part = rest.subarray(0, request.left)
          rest = rest.subarray(part.length)
          this.#take(request, part)
          if (request.left === 0) request = this.#end(request)
          continue
        }
        head = Buffer.concat([head, rest])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        this.heads += end + 4
        request = requestOf(head.subarray(0, end).toString('latin1'))
        rest = head.subarray(end + 4)
        head = Buffer.alloc(0)
        if (request.left === 0) request = null
      }
    }
  }

  #take(request: Request, part: Buffer): void {
    request.left -= part.length
    if (!request.isPush) return
    this.passed += part.length
    if (request.id === null) request.chunks.push(part)
  }

  #end(request: Request): null {
    if (request.isPush) {
      const id = request.id ?? createHash('sha256').update(Buffer.concat(request.chunks)).digest('base64url')
      this.#whole.set(id, request.size)
    }
    return null
  }
}

function requestOf(head: string): Request {
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim()
  const left = Number(value('content-length') ?? 0)
  const part = parsePart(value(PART_HEADER) ?? '')
  const isPush = /^POST \S+\/push /.test(head)
  return { isPush, id: part?.id ?? null, size: part?.size ?? left, left, chunks: [] }
}
