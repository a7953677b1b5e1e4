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
  {
    name: 'a hub restored from before a device took its new name takes it in again',
    seed: 9,
    events: [
      { kind: 'copy', draw: 41, device: 1 },
      { kind: 'hub-backup', draw: 0 },
      { kind: 'write', draw: 42, device: 1, what: 'credit' },
      { kind: 'go', draw: 43, device: 1, fates: Array.from({ length: 14 }, () => 'ok' as const) },
      { kind: 'write', draw: 44, device: 4, what: 'credit' },
      { kind: 'go', draw: 46, device: 4, fates: Array.from({ length: 30 }, () => 'ok' as const) },
      { kind: 'hub-restore', draw: 0 },
    ],
  },
  {
    name: 'an answer that is lost is asked for, also when the batch behind it was answered',
    seed: 176,
    events: [
      { kind: 'write', draw: 1042137161, device: 4, what: 'merchant-set' },
      {
        kind: 'go',
        draw: 1549324629,
        device: 0,
        fates: ['ok', 'cut', 'twice', 'cut', 'ok', 'ok', 'lost', 'ok'],
      },
      { kind: 'write', draw: 899793551, device: 0, what: 'order' },
      {
        kind: 'go',
        draw: 1623600385,
        device: 4,
        fates: ['ok', 'ok', 'ok', 'late', 'ok', 'twice', 'hub-dies', 'ok'],
      },
      { kind: 'write', draw: 1236052105, device: 4, what: 'order' },
      { kind: 'go', draw: 1946841184, device: 4, fates: ['ok', 'ok'] },
      { kind: 'go', draw: 982044772, device: 0, fates: ['answer-lost', 'ok', 'ok', 'ok'] },
    ],
  },
  {
    name: 'a restored hub whose clock goes back keeps the times it once gave',
    seed: 190,
    events: [
      { kind: 'hub-backup', draw: 620997573 },
      { kind: 'write', draw: 892652214, device: 5, what: 'merchant-life' },
      { kind: 'go', draw: 518055958, device: 5, fates: ['ok', 'ok', 'ok', 'ok', 'device-dies'] },
      { kind: 'go', draw: 1805046595, device: 2, fates: ['ok', 'ok', 'device-dies', 'ok'] },
      { kind: 'go', draw: 817210368, device: 3, fates: ['ok', 'ok', 'ok', 'ok'] },
      { kind: 'go', draw: 300473074, device: 0, fates: ['ok', 'ok', 'twice', 'ok'] },
      { kind: 'write', draw: 317574117, device: 3, what: 'merchant-life' },
      { kind: 'hub-restore', draw: 1216676485 },
      { kind: 'hub-skew', draw: 290173893, ms: -31536000000 },
    ],
  },
  {
    name: 'a clock that is put back by a year does not keep a device waiting for one',
    seed: 434,
    events: [
      { kind: 'write', draw: 776719120, device: 0, what: 'studio-set' },
      { kind: 'write', draw: 1324160645, device: 4, what: 'credit' },
      { kind: 'go', draw: 1176972494, device: 0, fates: ['ok'] },
      { kind: 'crash', draw: 1726146625, device: 0, after: 9 },
      { kind: 'go', draw: 1083112089, device: 0, fates: ['ok', 'ok'] },
      { kind: 'write', draw: 1801887877, device: 0, what: 'document-set' },
      { kind: 'go', draw: 1229443480, device: 4, fates: ['twice', 'ok', 'ok', 'ok', 'ok'] },
      { kind: 'skew', draw: 929562688, device: 4, ms: -31536000000 },
    ],
  },
  {
    name: 'of two records of one order the same stands everywhere after one of them got a new name',
    seed: 1091,
    events: [
      { kind: 'backup', draw: 553523163, device: 4 },
      { kind: 'write', draw: 1573096619, device: 4, what: 'merchant-set' },
      { kind: 'go', draw: 274425152, device: 4, fates: Array.from({ length: 8 }, () => 'ok' as const) },
      { kind: 'write', draw: 987371338, device: 1, what: 'order' },
      {
        kind: 'go',
        draw: 497442886,
        device: 5,
        fates: ['twice', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
      },
      { kind: 'restore', draw: 1444542810, device: 4 },
      { kind: 'write', draw: 1577286462, device: 4, what: 'order' },
    ],
  },
]
