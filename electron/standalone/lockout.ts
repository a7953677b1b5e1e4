import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { replaceText } from '../core/files.ts'

const FREE_FAILURES = 5
const FIRST_LOCK_MS = 15 * 60_000
const LONGEST_LOCK_MS = 24 * 3_600_000
const FORGET_AFTER_MS = 24 * 3_600_000
/** Bad tries from everywhere together: taking a new address for each guess must not help. */
const FREE_FAILURES_OF_ALL = 30
const EVERYONE = '*'

const entrySchema = z.object({ failures: z.number(), lockedUntilMs: z.number(), lastMs: z.number() })
const fileSchema = z.record(z.string(), entrySchema)
type Entry = z.infer<typeof entrySchema>

/**
 * Counts bad launch tokens and PINs per network address and locks an address out, longer each time. Kept in a file, so
 * that a restart is no way around it.
 */
export class Lockout {
  readonly #file: string
  readonly #clock: () => number
  readonly #entries: Map<string, Entry>

  constructor(file: string, clock: () => number) {
    this.#file = file
    this.#clock = clock
    this.#entries = new Map(Object.entries(readEntries(file)))
  }

  /** Epoch ms until which `address` may not try, or null when it may. */
  lockedUntil(address: string): number | null {
    const untilMs = Math.max(
      this.#entries.get(address)?.lockedUntilMs ?? 0,
      this.#entries.get(EVERYONE)?.lockedUntilMs ?? 0,
    )
    return untilMs > this.#clock() ? untilMs : null
  }

  fail(address: string): void {
    this.#count(address, FREE_FAILURES)
    this.#count(EVERYONE, FREE_FAILURES_OF_ALL)
    this.#save()
  }

  succeed(address: string): void {
    if (this.#entries.delete(address)) this.#save()
  }

  #count(key: string, free: number): void {
    const nowMs = this.#clock()
    const old = this.#entries.get(key)
    const failures = (old && nowMs - old.lastMs < FORGET_AFTER_MS ? old.failures : 0) + 1
    const over = failures - free
    const lockMs = over < 0 ? 0 : Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** over)
    this.#entries.set(key, { failures, lockedUntilMs: nowMs + lockMs, lastMs: nowMs })
  }

  #save(): void {
    replaceText(this.#file, JSON.stringify(Object.fromEntries(this.#entries)))
  }
}

function readEntries(file: string): Record<string, Entry> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}
