import type { Socket } from 'node:net'

const TICK_MS = 10
/** A late timer gives what it owes, up to this much. */
const OWED_MS = 500
/** Reading stops while this much of a connection waits for its turn. */
const FULL = 8 * 1024

interface Queue {
  readonly from: Socket
  readonly to: Socket
  readonly readyMs: number
  readonly silent: () => boolean
  readonly passed: (bytes: Buffer) => void
  readonly chunks: Buffer[]
  waiting: number
}

/** One direction of a link: connections take turns at its rate, and bytes arrive after its delay. */
export class Pipe {
  readonly #perMs: number
  readonly #oneWayMs: number
  readonly #damageEvery: number | null
  readonly #queues: Queue[] = []
  #timer: NodeJS.Timeout | null = null
  #credit = 0
  #lastMs = performance.now()
  #sinceDamage = 0

  constructor(shape: { bytesPerSecond: number | null; oneWayMs: number; damageEvery?: number }) {
    this.#perMs = shape.bytesPerSecond === null ? Infinity : shape.bytesPerSecond / 1000
    this.#oneWayMs = shape.oneWayMs
    this.#damageEvery = shape.damageEvery ?? null
    if (Number.isFinite(this.#perMs) || this.#oneWayMs > 0)
      this.#timer = setInterval(() => this.#turn(), TICK_MS)
  }

  carry(
    from: Socket,
    to: Socket,
    readyMs: number,
    silent: () => boolean,
    passed: (bytes: Buffer) => void,
  ): void {
    if (!this.#timer) {
      from.on('data', (chunk: Buffer) => {
        if (silent()) return
        passed(chunk)
        to.write(this.#damaged(chunk))
      })
      return
    }
    const queue: Queue = { from, to, readyMs, silent, passed, chunks: [], waiting: 0 }
    this.#queues.push(queue)
    from.on('data', (chunk: Buffer) => {
      queue.chunks.push(chunk)
      queue.waiting += chunk.length
      if (queue.waiting > FULL) from.pause()
    })
    from.on('close', () => this.#queues.splice(this.#queues.indexOf(queue), 1))
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
  }

  #turn(): void {
    const nowMs = performance.now()
    this.#credit = Math.min(this.#credit + (nowMs - this.#lastMs) * this.#perMs, this.#perMs * OWED_MS)
    this.#lastMs = nowMs
    for (;;) {
      const waiting = this.#queues.filter(({ chunks, readyMs }) => chunks.length > 0 && readyMs <= nowMs)
      if (waiting.length === 0 || this.#credit < 1) break
      // Round and round, a small packet at a time.
      const share = Math.max(1, Math.min(512, Math.floor(this.#credit / waiting.length)))
      for (const queue of waiting) if (this.#credit >= 1) this.#send(queue, share)
    }
    // An idle link saves nothing up.
    if (Number.isFinite(this.#perMs) && !this.#queues.some(({ chunks }) => chunks.length > 0))
      this.#credit = Math.min(this.#credit, this.#perMs * TICK_MS * 2)
    for (const { from, waiting } of this.#queues) if (waiting < FULL / 2 && from.isPaused()) from.resume()
  }

  #send(queue: Queue, share: number): void {
    const first = queue.chunks[0]!
    const part = first.subarray(0, Math.min(first.length, share))
    if (part.length === first.length) queue.chunks.shift()
    else queue.chunks[0] = first.subarray(part.length)
    queue.waiting -= part.length
    this.#credit -= part.length
    if (queue.silent()) return
    queue.passed(part)
    const bytes = this.#damaged(part)
    setTimeout(() => {
      if (!queue.silent() && !queue.to.destroyed) queue.to.write(bytes)
    }, this.#oneWayMs)
  }

  #damaged(chunk: Buffer): Buffer {
    if (this.#damageEvery === null) return chunk
    this.#sinceDamage += chunk.length
    if (this.#sinceDamage < this.#damageEvery) return chunk
    this.#sinceDamage = 0
    const bytes = Buffer.from(chunk)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = bytes[at]! ^ 0x20
    return bytes
  }
}
