import { parentPort } from 'node:worker_threads'
import { repair } from '../../../shared/scheduler/index.ts'
import { readClock } from './clock.ts'
import type { RepairReply, RepairTask } from './repair-pair.ts'

parentPort!.on('message', (task: RepairTask) => parentPort!.postMessage(run(task)))

function run({ problem, plan, events, clock, ...options }: RepairTask): RepairReply {
  const now = readClock(clock)
  const startMs = now()
  let firstMs = 0
  const onFirst = (): void => void (firstMs = now() - startMs)
  const result = repair(problem, plan, events, { ...options, now, onFirst })
  return { result, firstMs, finalMs: now() - startMs }
}
