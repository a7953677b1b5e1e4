import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { eventsOf, type SimEvent } from './events.ts'
import { EVENTS_PER_SEED, play, shrink, type RunResult } from './run.ts'
import { makeTemplate } from './template.ts'

const THREADS = 2
const PROGRESS_MS = 10_000
const MAX_FAILURES = 5
const FOLDER = resolve(import.meta.dirname, '../../../test-results/chaos')

export interface SimOptions {
  /** How many seeds, and the first of them. */
  readonly seeds: number
  readonly from: number
  /** Only this one. */
  readonly seed: number | null
  /** A file that an earlier failure wrote. */
  readonly replay: string | null
}

/** @returns how many seeds failed */
export async function simulate(options: SimOptions): Promise<number> {
  if (options.replay !== null) return replay(options.replay)
  const [from, to] =
    options.seed === null ? [options.from, options.from + options.seeds - 1] : [options.seed, options.seed]
  const startMs = performance.now()
  const failed: RunResult[] = []
  let done = 0
  let steps = 0
  let spared = 0
  let saidMs = startMs
  const say = (): void => {
    const seconds = (performance.now() - startMs) / 1000
    console.log(
      `sim: ${done} of ${to - from + 1} seeds, ${steps} steps, ${failed.length} failed, ${spared} double faults left out, ${seconds.toFixed(0)} s`,
    )
  }
  const took = (result: RunResult): void => {
    done++
    steps += result.steps
    spared += result.spared
    if (result.failure) {
      failed.push(result)
      console.log(`sim: seed ${result.seed}: ${result.failure.message}`)
    }
    if (performance.now() - saidMs < PROGRESS_MS) return
    saidMs = performance.now()
    say()
  }
  const stride = Math.min(THREADS, to - from + 1)
  await Promise.all(
    Array.from({ length: stride }, (_, index) => runThread({ from: from + index, to, stride }, took)),
  )
  say()
  for (const { seed } of failed.slice(0, MAX_FAILURES)) await explain(seed)
  return failed.length
}

function runThread(range: { from: number; to: number; stride: number }, took: (result: RunResult) => void) {
  return new Promise<void>((done, fail) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: range })
    worker.on('message', took)
    worker.on('error', fail)
    worker.on('exit', (code) =>
      code === 0 ? done() : fail(new Error(`simulator thread ended with ${code}`)),
    )
  })
}

/** Makes the failure as short as it gets, prints it and keeps it where it can be played again. */
async function explain(seed: number): Promise<void> {
  const template = await makeTemplate()
  const { events, failure } = await shrink(seed, eventsOf(seed, EVENTS_PER_SEED), template)
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, `seed-${seed}.json`)
  writeFileSync(path, JSON.stringify({ seed, events }, null, 1))
  console.log(`\nseed ${seed}, ${events.length} events: ${failure.message}`)
  for (const event of events) console.log(`  ${JSON.stringify(event)}`)
  if (failure.invariant === 'no unexpected error') console.log(failure.stack)
  console.log(`  again: npm run chaos -- sim --replay ${path}`)
}

async function replay(path: string): Promise<number> {
  const { seed, events } = JSON.parse(readFileSync(path, 'utf8')) as { seed: number; events: SimEvent[] }
  const result = await play(seed, events, await makeTemplate())
  console.log(result.failure ? `${result.failure.message}\n${result.failure.stack}` : 'no invariant breaks')
  return result.failure ? 1 : 0
}
