/**
 * Small deterministic random source (xoshiro128**), the same on every machine for the same seed.
 * Integer arithmetic only; nothing here reads a clock or a system source.
 */
export class Random {
  private s0: number
  private s1: number
  private s2: number
  private s3: number

  /** @param seed any integer; its low 32 bits (and the next 21 of a larger one) choose the stream. */
  constructor(seed: number) {
    let state = (seed ^ Math.floor(seed / 0x100000000)) >>> 0
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) >>> 0
    }
    this.s0 = next()
    this.s1 = next()
    this.s2 = next()
    this.s3 = next() | 1
  }

  /** Uniform in 0 … 2³²−1. */
  uint32(): number {
    const mixed = Math.imul(this.s1, 5)
    const result = Math.imul((mixed << 7) | (mixed >>> 25), 9) >>> 0
    const shifted = this.s1 << 9
    this.s2 ^= this.s0
    this.s3 ^= this.s1
    this.s1 ^= this.s2
    this.s0 ^= this.s3
    this.s2 ^= shifted
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21)
    return result
  }

  /** Uniform integer in 0 … bound−1; bound must be in 1 … 2²⁰ for an unbiased enough result. */
  int(bound: number): number {
    return Math.floor((this.uint32() * bound) / 0x100000000)
  }

  /** Uniform integer in low … high, both included. */
  between(low: number, high: number): number {
    return low + this.int(high - low + 1)
  }

  /** Uniform in [0, 1). */
  float(): number {
    return this.uint32() / 0x100000000
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.float() < probability
  }

  /** Fisher-Yates, in place. */
  shuffle<T>(items: T[] | Int32Array): void {
    const list = items as T[]
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.int(i + 1)
      const held = list[i] as T
      list[i] = list[j] as T
      list[j] = held
    }
  }

  /** An independent stream derived from this one. */
  fork(): Random {
    return new Random(this.uint32())
  }
}

/** Same as `new Random(seed)`. */
export function createRandom(seed: number): Random {
  return new Random(seed)
}

/** Minus the logarithm of a random share, by exact operations only, so that every machine decides alike. */
export function logarithmOfChance(random: Random): number {
  let share = random.float()
  let sum = 0
  for (; share < 0.5; share *= 2) {
    if (sum > 20) return sum
    sum += Math.LN2
  }
  const z = (1 - share) / (1 + share)
  const y = z * z
  return sum + 2 * z * (1 + y * (1 / 3 + y * (1 / 5 + y * (1 / 7 + y / 9))))
}
