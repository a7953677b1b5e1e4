import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Clock } from './clock.ts'
import type { Case } from './instances.ts'
import { Portfolio, type SolveReply } from './portfolio.ts'
import { Report } from './report.ts'
import { loadQuick, loadSet, setNames } from './sets.ts'
import { checkAsProblem, findFaults } from './validate.ts'

const usage = `usage: npm run bench -- scheduler --set NAME [--seconds S] [--seeds N] [--data DIR] [--json]
  [--workers 2] [--clock wall|cpu] [--only TEXT] [--peer cp-sat|cp-sat-native|timefold [--peer-seconds 60]]
sets: ${setNames.join(' ')}`

export interface BenchOptions {
  set: string
  seconds: number
  seeds: number
  data: string
  json: boolean
  workers: number
  clock: Clock
  only: string
  peer: string
  peerSeconds: number
}

function findData(given: string | undefined): string | null {
  const root = path.resolve(import.meta.dirname, '../../..')
  const places = [given, process.env.CHANBO_DATA, path.join(root, '../shared/data')]
  const first = places.find((place) => place !== undefined && place !== '')
  return first !== undefined && existsSync(first) ? path.resolve(first) : null
}

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      set: { type: 'string' },
      seconds: { type: 'string' },
      seeds: { type: 'string', default: '1' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
      clock: { type: 'string', default: 'wall' },
      only: { type: 'string', default: '' },
      peer: { type: 'string', default: '' },
      'peer-seconds': { type: 'string' },
    },
  })
  if (values.set === undefined || !setNames.includes(values.set)) {
    console.error(usage)
    return 2
  }
  const seconds = Number(values.seconds ?? (values.set === 'quick' ? 5 : 10))
  const options: BenchOptions = {
    set: values.set,
    seconds,
    seeds: Number(values.seeds),
    data: findData(values.data) ?? '',
    json: values.json,
    workers: Number(values.workers),
    clock: values.clock === 'cpu' ? 'cpu' : 'wall',
    only: values.only,
    peer: values.peer,
    // In WebAssembly it gets ten times the time, natively the same.
    peerSeconds: Number(values['peer-seconds'] ?? (values.peer === 'cp-sat' ? seconds * 10 : seconds)),
  }
  if (!['', 'cp-sat', 'cp-sat-native', 'timefold'].includes(options.peer)) {
    console.error(usage)
    return 2
  }
  if (options.peer === 'timefold' && options.set === 'belt') {
    console.error('timefold is measured on the shops only, not on belts')
    return 2
  }
  if (!(options.seconds > 0) || !(options.seeds >= 1) || !(options.workers >= 1)) {
    console.error(usage)
    return 2
  }
  if (options.set === 'belt' || options.set === 'repair') return runOwn(options)
  if (options.data === '') {
    console.error(
      `no data: give --data DIR or set CHANBO_DATA (looked for ${values.data ?? '../shared/data'})`,
    )
    return 2
  }
  return options.set === 'quick' ? runQuick(options) : runShops(options, loadSet(options.set, options.data))
}

/** A few cases of every set, an aggregate line each; done within ten minutes. */
async function runQuick(options: BenchOptions): Promise<number> {
  let worst = 0
  for (const [set, cases] of loadQuick(options.data)) {
    if (cases.length > 0) worst = Math.max(worst, await runShops({ ...options, set }, cases))
  }
  for (const set of ['belt', 'repair'])
    worst = Math.max(worst, await runOwn({ ...options, set, seeds: 1, peer: '', quick: true }))
  return worst
}

/** The belt and repair sets generate their own instances and need no data folder. */
async function runOwn(options: BenchOptions & { quick?: boolean }): Promise<number> {
  const { runBelt } = await import('./belt-bench.ts')
  return runBelt(options)
}

async function runShops(options: BenchOptions, all: readonly Case[]): Promise<number> {
  const cases = all.filter((item) => item.name.includes(options.only))
  if (cases.length === 0) {
    console.error(`no case of set ${options.set} in ${options.data}`)
    return 2
  }
  const report = new Report(options.set, options.json)
  const portfolio = new Portfolio(options.workers)
  let faulty = 0
  try {
    for (const item of cases) {
      const replies: SolveReply[] = []
      for (let seed = 1; seed <= options.seeds; seed++) {
        const reply = await portfolio.solve({
          shop: item.shop,
          objective: item.objective,
          seed,
          seconds: options.seconds,
          clock: options.clock,
          target: item.knownLower ?? 0,
        })
        const faults = [
          ...findFaults(item.shop, item.objective, reply.plan),
          ...checkAsProblem(item.shop, item.objective, reply.plan),
        ]
        for (const fault of faults) console.error(`${item.name}: ${fault}`)
        if (faults.length > 0) faulty++
        replies.push(reply)
      }
      const peer = options.peer ? await runPeer(item, options) : undefined
      report.addCase(item, replies, peer)
    }
  } finally {
    await portfolio.close()
  }
  report.finish(faulty)
  return faulty > 0 ? 1 : 0
}

async function runPeer(item: Case, { peer, peerSeconds }: BenchOptions): Promise<PeerResult> {
  if (peer === 'timefold') {
    const { solveWithTimefold } = await import('./peer-timefold.ts')
    return solveWithTimefold(item.shop, item.objective, peerSeconds)
  }
  const { solveWithCpSat } = await import('./peer-cpsat.ts')
  return solveWithCpSat(item.shop, item.objective, peerSeconds, peer === 'cp-sat-native')
}

/** What another solver said about the same case. */
export interface PeerResult {
  label: string
  value: number | null
  bound: number | null
  optimal: boolean
  seconds: number
}
