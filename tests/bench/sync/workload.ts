import type { Fields } from '../../../shared/ops/types.ts'

/** Deterministic numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const SYLLABLES =
  'ba ce di fo gu ha je ki lo mu na pe qi ro su ta ve wi xo yu za bre cli dro fla gri klo pra sti tru'.split(
    ' ',
  )

/** A vocabulary as people use it: a few words often, many seldom. */
function vocabulary(random: () => number): string[] {
  const words = new Set<string>()
  while (words.size < 600) {
    const length = 1 + Math.floor(random() * 3)
    words.add(Array.from({ length }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]!).join(''))
  }
  return [...words]
}

const fieldOf = (name: string, value: number): Fields => ({ [name]: value })

export interface Edit {
  readonly index: number
  readonly fields: Fields
}

export interface Workload {
  /** People write every few seconds to minutes. */
  nextGapMs(): number
  /** A record of five fields, about 126 bytes as JSON; no sentence comes twice. */
  record(): Fields
  /** An order of ten fields; `atMs` is when it is released. */
  order(atMs: number): Fields
  /** One field of one of `count` orders, by its place; `nth` sets the value apart from other edits'. */
  edit(count: number, nth: number): Edit
  random(): number
}

export function workload(seed: number, skuIds: readonly string[]): Workload {
  const random = seeded(seed)
  const words = vocabulary(random)
  const used = new Set<string>()
  const word = () => words[Math.floor(random() ** 2 * words.length)]!
  const sentence = (): string => {
    let text: string
    do {
      text = Array.from({ length: 6 + Math.floor(random() * 3) }, word).join(' ')
    } while (used.has(text))
    used.add(text)
    return text
  }
  return {
    random,
    nextGapMs: () => 1500 + Math.floor(random() ** 3 * 180_000),
    record: () => ({
      skuId: skuIds[Math.floor(random() * skuIds.length)]!,
      claims: [],
      priceFen: 990 + Math.floor(random() * 300) * 100,
      script: sentence(),
      promiseHours: [24, 48, 72][Math.floor(random() * 3)]!,
    }),
    order: (atMs) => ({
      skuId: skuIds[0]!,
      kind: 'pre-stock',
      sessionId: null,
      sourceKey: null,
      quantity: 100 + Math.floor(random() * 900),
      releaseMs: atMs,
      dueMs: atMs + 86_400_000,
      weight: 1,
      status: 'open',
      doneQuantity: 0,
    }),
    edit: (count, nth) => ({
      index: Math.floor(random() * count),
      fields: random() < 0.5 ? fieldOf('quantity', 1000 + nth) : fieldOf('weight', 10 + nth),
    }),
  }
}
