import { chanceOf, type Chance } from './chance.ts'

/** What the link does to one request. */
export type Fate = 'ok' | 'lost' | 'answer-lost' | 'twice' | 'late' | 'cut' | 'hub-dies' | 'device-dies'

/** One thing that happens. Whatever it chooses follows from its own `draw`, so that leaving others out changes little. */
export type SimEvent = { readonly draw: number } & (
  | { readonly kind: 'write'; readonly device: number; readonly what: Write }
  | { readonly kind: 'go'; readonly device: number; readonly fates: readonly Fate[] }
  | { readonly kind: 'ghost' }
  | { readonly kind: 'crash'; readonly device: number; readonly after: number }
  | { readonly kind: 'backup' | 'restore' | 'copy' | 'revoke' | 'upgrade'; readonly device: number }
  | { readonly kind: 'skew'; readonly device: number; readonly ms: number }
  | { readonly kind: 'hub-skew'; readonly ms: number }
  | { readonly kind: 'hub-backup' | 'hub-restore' | 'truncate' }
  | { readonly kind: 'pass'; readonly ms: number }
)

export const WRITES = [
  'merchant-create',
  'merchant-set',
  'merchant-life',
  'card-create',
  'card-set',
  'card-own-set',
  'document-set',
  'studio-set',
  'equipment-set',
  'order',
  'credit',
  'claim',
  'lease',
  'release',
  'forbidden',
  'newer',
] as const
export type Write = (typeof WRITES)[number]

const WRITE_WEIGHTS: Record<Write, number> = {
  'merchant-create': 4,
  'merchant-set': 14,
  'merchant-life': 6,
  'card-create': 6,
  'card-set': 10,
  'card-own-set': 14,
  'document-set': 4,
  'studio-set': 2,
  'equipment-set': 2,
  order: 10,
  credit: 6,
  claim: 18,
  lease: 3,
  release: 5,
  forbidden: 1,
  newer: 3,
}

/** Every fifth seed is about studios: leases and what is given out of them. */
const STUDIO_WEIGHTS: Record<Write, number> = { ...WRITE_WEIGHTS, lease: 30, claim: 120, release: 20 }

const KIND_WEIGHTS: Record<SimEvent['kind'], number> = {
  write: 40,
  go: 44,
  ghost: 2,
  crash: 3,
  backup: 1.5,
  restore: 0.8,
  copy: 0.5,
  revoke: 0.15,
  upgrade: 0.5,
  skew: 1,
  'hub-skew': 0.2,
  'hub-backup': 1.2,
  'hub-restore': 0.8,
  truncate: 0.4,
  pass: 4,
}

/** Every fifth seed is about long absences: the log is cut off, and deletions are forgotten, behind devices that are away. */
const ABSENCE_WEIGHTS: Record<SimEvent['kind'], number> = {
  ...KIND_WEIGHTS,
  'hub-backup': 6,
  truncate: 6,
  pass: 8,
}
const LIFE_WEIGHTS: Record<Write, number> = { ...WRITE_WEIGHTS, 'merchant-life': 30, 'merchant-create': 15 }

const FATES: Record<Fate, number> = {
  ok: 70,
  lost: 5,
  'answer-lost': 6,
  twice: 5,
  late: 5,
  cut: 4,
  'hub-dies': 2,
  'device-dies': 3,
}

const YEAR_MS = 365 * 24 * 3_600_000
const DEVICES = 6

function weighted<K extends string>(chance: Chance, weights: Record<K, number>): K {
  const entries = Object.entries(weights) as [K, number][]
  let at = chance.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [key, weight] of entries) if ((at -= weight) < 0) return key
  return entries[0]![0]
}

/** The events of a seed. Calm seeds and stormy ones differ in how often links break. */
export function eventsOf(seed: number, count: number): SimEvent[] {
  const chance = chanceOf('events', seed)
  const storm = chance.next()
  const isAbsence = seed % 5 === 3
  const writes = isAbsence ? LIFE_WEIGHTS : seed % 5 === 2 ? STUDIO_WEIGHTS : WRITE_WEIGHTS
  const kinds = isAbsence ? ABSENCE_WEIGHTS : KIND_WEIGHTS
  const fate = (): Fate => (chance.often(storm) ? weighted(chance, FATES) : 'ok')
  const skewMs = (): number =>
    chance.pick([0, 60_000, -60_000, 2 * 24 * 3_600_000, YEAR_MS, -YEAR_MS, chance.below(YEAR_MS)])
  return Array.from({ length: count }, (): SimEvent => {
    const kind = weighted(chance, kinds)
    const draw = chance.below(2 ** 31)
    const device = chance.below(DEVICES)
    switch (kind) {
      case 'write':
        return { kind, draw, device, what: weighted(chance, writes) }
      case 'go':
        return { kind, draw, device, fates: Array.from({ length: 1 + chance.below(8) }, fate) }
      case 'crash':
        return { kind, draw, device, after: chance.often(0.4) ? 0 : chance.below(12) }
      case 'skew':
        return { kind, draw, device, ms: skewMs() }
      case 'hub-skew':
        return { kind, draw, ms: skewMs() }
      case 'pass':
        return { kind, draw, ms: chance.pick([1000, 20_000, 120_000, 3_600_000, 20 * 3_600_000]) }
      case 'ghost':
      case 'hub-backup':
      case 'hub-restore':
      case 'truncate':
        return { kind, draw }
      default:
        return { kind, draw, device }
    }
  })
}
