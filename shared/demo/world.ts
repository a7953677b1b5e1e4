import type { Random } from '../scheduler/random.ts'
import { addDays, atMinute, dayKeyOf } from '../domain/time.ts'
import type { DraftList } from './draft.ts'

export const DEMO_ZONE = 'Asia/Shanghai'

/** What the belt offers to every new belt: factors and holiday years with their sources. */
export interface DemoReference {
  readonly factors: readonly {
    readonly kind: string
    readonly key: string
    readonly value: number
    readonly unit: string
    readonly dataYear: number
    readonly source: string
  }[]
  readonly years: readonly {
    readonly year: number
    readonly holidays: readonly string[]
    readonly makeUpWorkdays: readonly string[]
    readonly source: string
  }[]
}

export interface DemoLine {
  readonly ref: string
  readonly base: string
  readonly kind: 'line' | 'qc'
  readonly unitsPerHour: Readonly<Record<string, number>>
}
export interface DemoStudio {
  readonly ref: string
  readonly name: string
  readonly openMin: number
  readonly closeMin: number
}
export interface DemoStreamer {
  readonly ref: string
  readonly name: string
  readonly families: readonly string[]
}
export interface DemoMerchant {
  readonly ref: string
  readonly key: string
  readonly shortName: string
  readonly base: string
  readonly sizeClass: 'head' | 'middle' | 'long-tail'
  /** Share of the belt's sales before noise. */
  readonly weight: number
  readonly promiseHours: number
  readonly skus: DemoSku[]
}
export interface DemoSku {
  readonly ref: string
  readonly key: string
  readonly code: string
  readonly name: string
  readonly productRef: string
  readonly productName: string
  readonly family: string
  readonly priceFen: number
  readonly costFen: number
}

/** Everything later steps of the generator look up. */
export interface DemoWorld {
  readonly drafts: DraftList
  readonly random: Random
  readonly nowMs: number
  readonly today: string
  readonly bases: string[]
  readonly lines: DemoLine[]
  readonly studios: DemoStudio[]
  readonly streamers: DemoStreamer[]
  readonly merchants: DemoMerchant[]
}

/** The instant `minute` minutes after midnight of the day `days` from today. */
export const at = (world: Pick<DemoWorld, 'today'>, days: number, minute: number): number =>
  atMinute(addDays(world.today, days), minute, DEMO_ZONE)

export const dayOf = (ms: number): string => dayKeyOf(ms, DEMO_ZONE)

/** One item of a non-empty list. */
export const pick = <T>(random: Random, items: readonly T[]): T => items[random.int(items.length)]!

/** An index drawn with the given weights. */
export function pickWeighted(random: Random, weights: readonly number[]): number {
  let left = random.float() * weights.reduce((sum, weight) => sum + weight, 0)
  for (let index = 0; index < weights.length; index++) {
    left -= weights[index]!
    if (left < 0) return index
  }
  return weights.length - 1
}

export const HOUR = 60
