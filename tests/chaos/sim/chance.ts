import { hash } from 'node:crypto'

/** A random source whose every draw follows from its seed. */
export interface Chance {
  next(): number
  /** 0 … n − 1. */
  below(n: number): number
  /** True with probability `p`. */
  often(p: number): boolean
  pick<T>(items: readonly T[]): T
}

export function chanceOf(...seed: readonly (string | number)[]): Chance {
  let state = hash('sha256', seed.join('|'), 'buffer').readUInt32LE(0)
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    next,
    below,
    often: (p) => next() < p,
    pick: (items) => items[below(items.length)]!,
  }
}
