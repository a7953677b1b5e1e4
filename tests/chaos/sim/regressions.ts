import type { SimEvent } from './events.ts'

/** What the simulator once found, as short as it could be told. Each of these broke an invariant. */
export const REGRESSIONS: readonly {
  readonly name: string
  readonly seed: number
  readonly events: readonly SimEvent[]
}[] = [
  {
    name: 'a device that died between the hub’s commit and its answer settles what it sent',
    seed: 2,
    events: [
      { kind: 'write', draw: 1229539081, device: 3, what: 'claim' },
      { kind: 'go', draw: 1248303366, device: 4, fates: ['ok', 'late', 'ok', 'ok', 'ok', 'twice', 'ok'] },
      { kind: 'crash', draw: 1188595449, device: 0, after: 7 },
      { kind: 'write', draw: 886628690, device: 4, what: 'equipment-set' },
      { kind: 'write', draw: 98786442, device: 4, what: 'merchant-life' },
      { kind: 'go', draw: 190920510, device: 3, fates: ['ok', 'ok', 'answer-lost', 'ok'] },
    ],
  },
  {
    name: 'two copies of a device that began their streams in different order are told apart',
    seed: 10,
    events: [
      { kind: 'copy', draw: 445522405, device: 3 },
      { kind: 'write', draw: 322776293, device: 4, what: 'claim' },
      { kind: 'go', draw: 1112233435, device: 4, fates: ['ok', 'ok', 'ok', 'ok', 'ok'] },
      { kind: 'write', draw: 781500699, device: 3, what: 'card-create' },
    ],
  },
  {
    name: 'a copy that takes a new name leaves alone what the hub said of its twin’s booking',
    seed: 10,
    events: [
      { kind: 'copy', draw: 445522405, device: 3 },
      { kind: 'write', draw: 322776293, device: 4, what: 'claim' },
      { kind: 'go', draw: 1112233435, device: 4, fates: ['ok', 'ok', 'ok', 'ok', 'ok'] },
      { kind: 'write', draw: 712594575, device: 3, what: 'merchant-set' },
      { kind: 'write', draw: 1688281135, device: 3, what: 'claim' },
      { kind: 'go', draw: 854135499, device: 3, fates: ['ok'] },
      { kind: 'go', draw: 221702371, device: 3, fates: ['ok', 'ok', 'ok', 'ok', 'ok', 'answer-lost'] },
    ],
  },
  {
    name: 'a copy that only reads sees what its twin writes',
    seed: 3,
    events: [
      { kind: 'copy', draw: 11, device: 1 },
      { kind: 'write', draw: 12, device: 1, what: 'card-create' },
      { kind: 'go', draw: 13, device: 1, fates: ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'] },
    ],
  },
  {
    name: 'a device with nothing to send gives a restored hub back what it lost',
    seed: 7,
    events: [
      { kind: 'hub-backup', draw: 21 },
      { kind: 'write', draw: 22, device: 1, what: 'credit' },
      { kind: 'write', draw: 23, device: 1, what: 'claim' },
      { kind: 'go', draw: 24, device: 1, fates: Array.from({ length: 14 }, () => 'ok' as const) },
      { kind: 'hub-restore', draw: 25 },
      { kind: 'go', draw: 26, device: 1, fates: Array.from({ length: 6 }, () => 'ok' as const) },
    ],
  },
  {
    name: 'one backup restored twice begins two epochs',
    seed: 8,
    events: [
      { kind: 'hub-backup', draw: 0 },
      { kind: 'write', draw: 32, device: 1, what: 'claim' },
      { kind: 'go', draw: 33, device: 1, fates: Array.from({ length: 14 }, () => 'ok' as const) },
      { kind: 'hub-restore', draw: 0 },
      { kind: 'go', draw: 35, device: 1, fates: Array.from({ length: 20 }, () => 'ok' as const) },
      { kind: 'go', draw: 36, device: 0, fates: Array.from({ length: 20 }, () => 'ok' as const) },
      { kind: 'write', draw: 37, device: 0, what: 'credit' },
      { kind: 'go', draw: 38, device: 0, fates: Array.from({ length: 20 }, () => 'ok' as const) },
      { kind: 'hub-restore', draw: 0 },
    ],
  },
]
