import { parseArgs } from 'node:util'
import { measureDeviceApply, measureHubApply } from './apply.ts'
import {
  EDITED,
  EDITS,
  measure,
  measureCutPull,
  measureUrgent,
  RECORDS,
  writeEdits,
  writeRecords,
  type Metrics,
  type Note,
} from './cases.ts'
import { fsyncRate } from './disk.ts'
import { measurePeers } from './peers.ts'
import { measureFirstSync } from './first-sync.ts'
import { OPEN_LINK, type LinkShape } from './proxy.ts'

const SLOW: LinkShape = { bytesPerSecond: 8000, oneWayMs: 300, cutEveryMs: 30_000, outageMs: 5000 }
const SLOW_10: LinkShape = { ...SLOW, cutEveryMs: 10_000, outageMs: 0 }
const SLOW_5: LinkShape = { ...SLOW, cutEveryMs: 5_000, outageMs: 0 }
const SLOW_STEADY: LinkShape = { ...SLOW, cutEveryMs: null }
const CUT_2: LinkShape = { ...OPEN_LINK, cutEveryMs: 2_000, outageMs: 0 }

interface Case {
  readonly name: string
  readonly run: (seed: number, note: Note, records: number) => Promise<void> | void
}

/** Cases by name: a part of the name chooses them. */
const CASES: readonly Case[] = [
  { name: 'disk', run: (_seed, note) => note('disk', { fsyncs_per_second: fsyncRate() }) },
  { name: 'W1 push pull', run: (seed, note) => measure('W1', seed, writeRecords, OPEN_LINK, note) },
  {
    name: 'W2 compacted push pull',
    run: (seed, note) => measure('W2 compacted', seed, writeEdits, OPEN_LINK, note),
  },
  {
    name: 'W2 raw push pull',
    run: (seed, note) => measure('W2 raw', seed, writeEdits, OPEN_LINK, note, { compact: false }),
  },
  { name: 'hub apply', run: measureHubApply },
  { name: 'device apply', run: measureDeviceApply },
  {
    name: 'cut 2 s push',
    run: (seed, note) => measure('cut 2 s', seed, writeRecords, CUT_2, note, { pull: false }),
  },
  { name: 'cut 2 s pull', run: (seed, note) => measureCutPull('cut 2 s', seed, CUT_2, note) },
  {
    name: 'W1 slow push',
    run: (seed, note) => measure('W1 slow', seed, writeRecords, SLOW, note, { pull: false }),
  },
  { name: 'W1 slow pull', run: (seed, note) => measureCutPull('W1 slow', seed, SLOW, note) },
  {
    name: 'slow, cut 10 s push',
    run: (seed, note) => measure('slow, cut 10 s', seed, writeRecords, SLOW_10, note, { pull: false }),
  },
  {
    name: 'slow, cut 5 s push',
    run: (seed, note) => measure('slow, cut 5 s', seed, writeRecords, SLOW_5, note, { pull: false }),
  },
  { name: 'urgent', run: (seed, note) => measureUrgent(seed, SLOW_STEADY, note) },
  {
    name: 'first sync',
    run: async (seed, note, records) =>
      note('first sync', await measureFirstSync({ seed, records, shape: SLOW })),
  },
]

/** Other engines, with `--peers`: they are installed for it. */
const PEER_CASES: readonly Case[] = [
  {
    name: 'peers W1',
    run: (seed, note) =>
      measurePeers('peers W1', seed, OPEN_LINK, { limitMs: 120_000, count: RECORDS, pull: true }, note),
  },
  {
    name: 'peers W2',
    run: (seed, note) =>
      measurePeers(
        'peers W2',
        seed,
        OPEN_LINK,
        { limitMs: 120_000, count: EDITED, edits: EDITED * EDITS, pull: true },
        note,
      ),
  },
  {
    name: 'peers cut 2 s',
    run: (seed, note) =>
      measurePeers('peers cut 2 s', seed, CUT_2, { limitMs: 60_000, count: RECORDS }, note),
  },
  {
    name: 'peers slow',
    run: (seed, note) => measurePeers('peers slow', seed, SLOW, { limitMs: 180_000, count: 2_000 }, note),
  },
]

/** By how a metric is called; the first that fits. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^bytes_per_record$/, 'B/record'],
  [/_per_op$/, 'B/op'],
  [/_per_cpu_second$/, 'ops/CPU s'],
  [/^fsyncs_per_second$/, 'fsyncs/s'],
  [/_per_second$/, 'ops/s'],
  [/_pct$/, '%'],
  [/(^|_)(s|seconds)($|_)/, 's'],
  [/^times_/, 'ratio'],
  [/^synchronous_full$/, 'bool'],
]

const unitOf = (metric: string): string => UNITS.find(([form]) => form.test(metric))?.[1] ?? 'count'

/** `npm run bench -- sync [--json] [--seed N] [--case TEXT] [--records N] [--peers]` */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      case: { type: 'string', default: '' },
      peers: { type: 'boolean', default: false },
      // Of the first sync; the bar is set for 100,000, which take some minutes.
      records: { type: 'string', default: '20000' },
    },
  })
  const seed = Number(values.seed)
  let lost = 0
  const note = (name: string, metrics: Metrics): void => {
    lost += (metrics.lost ?? 0) + (metrics.duplicated ?? 0)
    const entries = Object.entries(metrics).map(
      ([metric, value]) => [metric, Number(value.toFixed(3))] as const,
    )
    if (!values.json)
      console.log(`${name.padEnd(24)} ${entries.map(([key, value]) => `${key} ${value}`).join('  ')}`)
    else
      for (const [metric, value] of entries)
        console.log(JSON.stringify({ bench: 'sync', case: name, metric, value, unit: unitOf(metric), seed }))
  }
  const wanted = (values.peers ? PEER_CASES : CASES).filter(({ name }) =>
    name.toLowerCase().includes(values.case.toLowerCase()),
  )
  for (const { run: runCase } of wanted) await runCase(seed, note, Number(values.records))
  return wanted.length === 0 || lost > 0 ? 1 : 0
}
